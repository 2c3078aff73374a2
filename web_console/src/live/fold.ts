/**
 * PURE. What one event does to one alarm: the browser's copy of the server's fold, for the fields that screens show.
 * It never invents a state: the state is the one that the event itself carries. Applying an event twice does no harm
 * except to `presses`, so the reducer keeps events from coming twice.
 */
import type { Actor, Alarm, AlarmEvent, Answering, Raising, Responder, ResponderState } from './contract'

type Of<K extends AlarmEvent['kind']> = Extract<AlarmEvent, { kind: K }>

/** The alarm that a `raised` event opens. */
export function opened(event: Of<'raised'>): Alarm {
  const { data } = event
  return {
    id: event.alarm,
    state: event.state,
    kind: data.kind,
    site: event.site,
    zone: data.zone,
    device: data.device,
    drill: data.drill,
    opened_at: event.at,
    changed_at: event.at,
    presses: 1,
    version: 1,
    needed: data.needed ?? 1,
    responders: [],
    next: data.next,
    outcome: null,
    by: event.by,
    note: data.note,
    cause: data.cause ?? null,
    linked: data.linked ?? null,
    coerced: false,
  }
}

/** The alarm after the event. */
export function folded(alarm: Alarm, event: AlarmEvent): Alarm {
  const after: Alarm = { ...alarm, state: event.state, changed_at: event.at, version: alarm.version + 1 }
  switch (event.kind) {
    case 'joined':
      return { ...after, ...pressed(after, event.data), responders: waitedFor(after, event.by) }
    case 'upgraded':
      return { ...after, ...pressed(after, event.data), ...upgraded(after, event.data) }
    case 'step_due':
    case 'escalated':
      return { ...after, next: event.data.next }
    case 'acknowledged':
    case 'en_route':
    case 'arrived':
      return { ...after, ...answered(after, event.data, event.kind, event.at) }
    case 'declined':
      return { ...after, ...answered(after, event.data, 'declined', event.at) }
    case 'lapsed': {
      const gone = new Set(event.data.people)
      return { ...after, next: event.data.next, responders: after.responders.filter((r) => !gone.has(r.person)) }
    }
    case 'cancelled':
      return { ...after, next: null }
    case 'resolved':
      return { ...after, next: null, outcome: event.data.outcome }
    default:
      return after
  }
}

function pressed(alarm: Alarm, data: Raising): Partial<Alarm> {
  return { presses: alarm.presses + 1, next: data.next, note: data.note ?? alarm.note }
}

/** Who has answered and presses himself counts no longer. */
function waitedFor(alarm: Alarm, by: Actor): Responder[] {
  const presser = 'person' in by ? by.person : null
  return alarm.responders.map((r) => (r.person === presser ? { ...r, counts: false, arrive_by: null } : r))
}

function upgraded(alarm: Alarm, data: Raising): Partial<Alarm> {
  const counts = data.counts
  const promised = data.arrive_by ?? {}
  const staying = alarm.responders.filter((r) => !data.over_for?.includes(r.person))
  const responders = counts
    ? staying.map((r) => ({ ...r, counts: counts.includes(r.person), arrive_by: promised[r.person] ?? null }))
    : staying
  const coerced = data.pin ?? false
  return { kind: data.kind, needed: data.needed ?? alarm.needed, drill: data.drill, coerced, responders }
}

function answered(alarm: Alarm, data: Answering, state: ResponderState, at: string): Partial<Alarm> {
  const { person, counts, arrive_by } = data
  const mine: Responder = { person, state, at, counts, arrive_by }
  const known = alarm.responders.some((r) => r.person === person)
  const responders = known ? alarm.responders.map((r) => (r.person === person ? mine : r)) : [...alarm.responders, mine]
  return { responders, next: data.next }
}
