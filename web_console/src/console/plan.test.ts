import { describe, expect, it } from 'vitest'
import type { Alarm, Organisation } from '../live/contract'
import { Places } from '../session/places'
import { drawn, HEIGHT, lines, WIDTH } from './plan'

const zone = (id: string, floor: string, area: [number, number, number, number] | null) => ({ id, name: id, floor, way: null, area, audible_to: [] })
const organisation: Organisation = {
  version: 1, name: 'N', language: 'nb', time_zone: 'Europe/Oslo',
  sites: [{
    id: 'f', name: 'F', address: null, emergency_number: '112',
    zones: [zone('f/a', '1', [0, 0, 0.5, 0.5]), zone('f/b', '1', [0.5, 0, 0.5, 0.5]), zone('f/c', '2', [0, 0, 1, 1]), zone('f/d', '1', null)],
  }],
  devices: [{ id: 'desk', zone: 'f/a', kind: 'panic', pin: [0.1, 0.2] }],
  people: [],
}
const places = new Places(organisation)

function alarm(id: string, where: string | null, more: Partial<Alarm> = {}): Alarm {
  return {
    id, state: 'raised', kind: 'panic', site: 'f', zone: where, device: null, drill: false, opened_at: '', changed_at: '', presses: 1, version: 1,
    needed: 1, responders: [], next: null, outcome: null, by: null, note: null, cause: null, linked: null, coerced: false, ...more,
  }
}

describe('the plan', () => {
  it('shows the rooms of the floor, the pin of the device, and the middle of a room without one', () => {
    const others = [alarm('x', 'f/b'), alarm('again', 'f/b'), alarm('up', 'f/c'), alarm('over', 'f/b', { state: 'resolved' }), alarm('bad', 'f/b', { kind: 'technical' })]
    const plan = drawn(alarm('a', 'f/a', { device: 'desk' }), others, places)
    expect(plan?.rooms.map((room) => [room.id, room.pressed])).toEqual([['f/a', true], ['f/b', false]])
    expect(plan?.here).toMatchObject({ x: 0.1 * WIDTH, y: 0.2 * HEIGHT })
    expect(plan?.others.map((spot) => [spot.alarm.id, spot.x, spot.y])).toEqual([['x', 0.75 * WIDTH, 0.25 * HEIGHT]])
  })

  it('does not use the pin of a device that is elsewhere than the alarm', () => {
    expect(drawn(alarm('a', 'f/b', { device: 'desk' }), [], places)?.here.x).toBe(0.75 * WIDTH)
  })

  it('is none where the room is on no plan', () => {
    for (const where of ['f/d', 'gone/room', null]) expect(drawn(alarm('a', where), [], places)).toBeNull()
  })

  it('breaks names into lines that fit', () => {
    expect(lines('Kantine og pauserom', 200)).toEqual(['Kantine og', 'pauserom'])
    expect(lines('Arbeidsrådgivningen', 120)).toEqual(['Arbeid…'])
  })
})
