/** PURE. What is drawn on the plan of an alarm's floor. Everything in fractions of the drawing is turned into its units here. */
import type { Alarm } from '../live/contract'
import { isTechnical } from '../live/order'
import { isClosed } from '../live/reducer'
import type { Places } from '../session/places'

export const WIDTH = 1000
export const HEIGHT = 560

export interface Room {
  id: string
  name: string
  x: number
  y: number
  width: number
  height: number
  pressed: boolean
}

export interface Spot {
  alarm: Alarm
  x: number
  y: number
}

export interface Drawing {
  floor: string
  rooms: Room[]
  here: Spot
  others: Spot[]
}

/** The drawing for this alarm among all; null where its room is on no plan. */
export function drawn(alarm: Alarm, all: Iterable<Alarm>, places: Places): Drawing | null {
  const found = alarm.zone ? places.zone(alarm.zone) : null
  if (!found?.zone.area) return null
  const rooms = places.floor(found.zone, found.site).map(({ id, name, area: [x, y, w, h] }) => ({
    id,
    name,
    x: x * WIDTH,
    y: y * HEIGHT,
    width: w * WIDTH,
    height: h * HEIGHT,
    pressed: id === alarm.zone,
  }))
  const here = spot(alarm, rooms, places)
  if (!here) return null
  const others = [...all]
    .filter((each) => each.id !== alarm.id && !isClosed(each) && !isTechnical(each))
    .flatMap((each) => spot(each, rooms, places) ?? [])
    // One pin a place: in a storm the rest would only lie on top of one another.
    .filter((each, i, all) => all.findIndex((other) => other.x === each.x && other.y === each.y) === i)
  return { floor: found.zone.floor ?? found.site.name, rooms, here, others }
}

function spot(alarm: Alarm, rooms: readonly Room[], places: Places): Spot | null {
  const room = rooms.find((each) => each.id === alarm.zone)
  if (!room) return null
  const device = places.device(alarm.device)
  // A pin counts only in its own zone: a device that was carried off is where the alarm says.
  if (device?.pin && device.zone === alarm.zone) return { alarm, x: device.pin[0] * WIDTH, y: device.pin[1] * HEIGHT }
  return { alarm, x: room.x + room.width / 2, y: room.y + room.height / 2 }
}

/** A name in at most three lines that fit the room's width. */
export function lines(name: string, width: number): string[] {
  const most = Math.max(6, Math.floor((width - 20) / 14))
  const found: string[] = []
  for (const word of name.split(' ')) {
    const last = found.at(-1)
    if (last !== undefined && `${last} ${word}`.length <= most) found[found.length - 1] = `${last} ${word}`
    else found.push(word)
  }
  return found.slice(0, 3).map((line) => (line.length > most ? `${line.slice(0, most - 1)}…` : line))
}
