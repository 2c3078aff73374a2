/**
 * PURE. In which order alarms stand and in which group. Those who wait longest stand first, so a new one never moves
 * the row that somebody is reading; but a helper who needs help himself stands on top, whenever he pressed. A real one
 * stands before a drill; technical ones are kept apart.
 */
import type { Alarm } from './contract'
import { isClosed } from './reducer'

export type Stage = 'unanswered' | 'answered' | 'on_way' | 'arrived' | 'closed'
export type Group = 'unanswered' | 'answered' | 'coming' | 'closed'

/** More rows than this are not drawn: nobody reads them, and a storm must not freeze the screen. */
export const MOST_ROWS = 100

export function stage(alarm: Alarm): Stage {
  if (isClosed(alarm)) return 'closed'
  if (alarm.state === 'raised') return 'unanswered'
  if (alarm.state === 'attended' || alarm.responders.some((r) => r.state === 'arrived')) return 'arrived'
  return alarm.responders.some((r) => r.state === 'en_route') ? 'on_way' : 'answered'
}

export function isTechnical(alarm: Alarm): boolean {
  return alarm.kind === 'technical'
}

/** Nobody may notice it where the presser stands. */
export function isSilent(alarm: Alarm): boolean {
  return alarm.kind === 'duress'
}

const GROUP: Record<Stage, Group> = {
  unanswered: 'unanswered',
  answered: 'answered',
  on_way: 'coming',
  arrived: 'coming',
  closed: 'closed',
}

const GROUPS: readonly Group[] = ['unanswered', 'answered', 'coming', 'closed']

export interface Section {
  group: Group
  alarms: Alarm[]
  /** How many there are, also when fewer are drawn. */
  total: number
}

/** The alarms of the list in their order, empty groups left out. */
export function sections(alarms: Iterable<Alarm>): Section[] {
  const found = new Map<Group, Alarm[]>(GROUPS.map((group) => [group, []]))
  for (const alarm of alarms) if (!isTechnical(alarm)) found.get(GROUP[stage(alarm)])?.push(alarm)
  return GROUPS.map((group) => {
    const alarms = (found.get(group) ?? []).sort(before(group))
    return { group, alarms, total: alarms.length }
  }).filter((section) => section.total > 0)
}

/** Open technical alarms, the oldest first. */
export function technical(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms].filter((a) => isTechnical(a) && !isClosed(a)).sort(byAge)
}

/** At most `most` rows in all, first groups first, and how many were left out. */
export function shortened(list: readonly Section[], most: number = MOST_ROWS): { shown: Section[]; left: number } {
  let room = most
  let left = 0
  const shown: Section[] = []
  for (const { group, alarms, total } of list) {
    const some = alarms.slice(0, room)
    room -= some.length
    left += alarms.length - some.length
    if (some.length > 0) shown.push({ group, alarms: some, total })
  }
  return { shown, left }
}

/** The one to choose when none is chosen: the newest unanswered of the most urgent, else the first that is open. */
export function suggested(list: readonly Section[]): string | null {
  const unanswered = list.find((section) => section.group === 'unanswered')?.alarms
  const newest = unanswered?.reduce((a, b) => (rank(b) < rank(a) || (rank(b) === rank(a) && b.opened_at >= a.opened_at) ? b : a))
  return newest?.id ?? list.find((section) => section.group !== 'closed')?.alarms[0]?.id ?? null
}

function before(group: Group): (a: Alarm, b: Alarm) => number {
  if (group === 'closed') return (a, b) => b.changed_at.localeCompare(a.changed_at) || a.id.localeCompare(b.id)
  return (a, b) => rank(a) - rank(b) || byAge(a, b)
}

/** A helper's own alarm, a real one, a drill. */
function rank(alarm: Alarm): number {
  return alarm.linked ? 0 : alarm.drill ? 2 : 1
}

function byAge(a: Alarm, b: Alarm): number {
  return a.opened_at.localeCompare(b.opened_at) || a.id.localeCompare(b.id)
}
