/** PURE. How an alarm is named and coloured: class (colour), stage (shape) and word, never one without the others. */
import type { Alarm, Kind } from '../live/contract'
import { isClosed } from '../live/reducer'
import { isTechnical, stage, type Stage } from '../live/order'
import type { Places } from '../session/places'
import type { T } from '../texts/t'

export type AlarmClass = 'person' | 'drill' | 'technical' | 'calm'

export function classOf(alarm: Alarm): AlarmClass {
  if (isClosed(alarm)) return 'calm'
  if (alarm.drill) return 'drill'
  return isTechnical(alarm) ? 'technical' : 'person'
}

export function stageWord(t: T, alarm: Alarm): string {
  if (alarm.state === 'cancelled') return t('stage.cancelled')
  const words: Record<Stage, string> = {
    unanswered: t('stage.unanswered'),
    answered: t('stage.answered'),
    on_way: t('stage.on_way'),
    arrived: t('stage.arrived'),
    closed: alarm.outcome ? t.word('outcome', alarm.outcome) : t('stage.closed'),
  }
  return words[stage(alarm)]
}

export function kindWord(t: T, kind: Kind): string {
  return t.word('kind', kind)
}

/** `Ola Nes, som var på vei til Mottak`: whose it is, where a helper needs help himself; else nothing. */
export function helperLine(t: T, alarm: Alarm, places: Places, alarms: ReadonlyMap<string, Alarm>): string {
  if (!alarm.linked) return ''
  const first = alarms.get(alarm.linked)
  const who = places.actor(alarm.by, t('system'))
  return first ? t('linked.to', { who, place: places.of(first).name }) : t('linked.elsewhere', { who })
}

/** The one line about who comes: the furthest first, at most one name and how many more. */
export function comingLine(t: T, alarm: Alarm, name: (person: string) => string): string {
  const rank = { arrived: 0, en_route: 1, acknowledged: 2, declined: 3 }
  const coming = alarm.responders.filter((r) => r.state !== 'declined').sort((a, b) => rank[a.state] - rank[b.state])
  const [first, ...more] = coming
  if (!first) return ''
  return `${name(first.person)} ${t(`responder.${first.state}`)}${more.length > 0 ? ` +${more.length}` : ''}`
}
