/**
 * PURE. Frames of the feed in, what the screens know out. A snapshot replaces everything; an event counts once, by its
 * position; positions only rise between snapshots. A jump in positions is no fault: somebody who sees one site only is
 * not sent the rest, and the frame's own position tells how far the log has come.
 */
import type { Alarm, AlarmEvent, AlarmState, Consoles, Frame, Trouble } from './contract'
import { folded, opened } from './fold'

/** How long a closed alarm stays on the screen, in milliseconds. */
export const CLOSED_FOR = 60 * 60 * 1000

export interface LiveState {
  /** How far in the log we are; null until the first snapshot: an empty list before that says nothing. */
  readonly position: number | null
  readonly alarms: ReadonlyMap<string, Alarm>
  /** Open alarms of which we saw an event but never the alarm: to be asked for. */
  readonly unknown: ReadonlySet<string>
  /** While a reconnected feed hands over what we missed: the head it was at, and how many came so far. */
  readonly catchUp: { readonly to: number; readonly seen: number } | null
  /** How many events the last reconnect brought; null before any reconnect. */
  readonly missed: number | null
  /** What is wrong with the node, as it said last. */
  readonly unwell: readonly Trouble[]
  /** How many consoles there are, as it said last; null before, and where it does not say. */
  readonly consoles: Consoles | null
}

export const START: LiveState = {
  position: null,
  alarms: new Map(),
  unknown: new Set(),
  catchUp: null,
  missed: null,
  unwell: [],
  consoles: null,
}

export function reduced(state: LiveState, frame: Frame): LiveState {
  switch (frame.type) {
    case 'hello':
      return felt(greeted(state, frame.position), frame)
    case 'snapshot':
      return replaced(state, frame.position, frame.alarms)
    case 'events':
      return moved(grown(state, frame.events), frame.position)
    case 'beat':
      return felt(moved(state, frame.position), frame)
  }
}

/** Alarms that an HTTP answer told of. What the feed knows better (a later change) is kept. */
export function merged(state: LiveState, told: readonly Alarm[]): LiveState {
  const alarms = new Map(state.alarms)
  const unknown = new Set(state.unknown)
  for (const alarm of told) {
    unknown.delete(alarm.id)
    const had = alarms.get(alarm.id)
    // The number of presses is left to the feed, which would count the same press again.
    if (!had) alarms.set(alarm.id, alarm)
    else if (had.changed_at < alarm.changed_at) alarms.set(alarm.id, { ...alarm, presses: had.presses })
  }
  return { ...state, alarms, unknown }
}

/** Without the alarms that ended more than CLOSED_FOR before `now` (milliseconds). The same state when none did. */
export function pruned(state: LiveState, now: number): LiveState {
  const old = [...state.alarms.values()].filter((a) => isClosed(a) && Date.parse(a.changed_at) < now - CLOSED_FOR)
  if (old.length === 0) return state
  const alarms = new Map(state.alarms)
  for (const alarm of old) alarms.delete(alarm.id)
  return { ...state, alarms }
}

export function isClosed(alarm: Alarm): boolean {
  return isOver(alarm.state)
}

function isOver(state: AlarmState): boolean {
  return state === 'resolved' || state === 'cancelled'
}

/** The same state when node and consoles are as they were, so that a beat draws nothing. */
function felt(state: LiveState, { unwell = [], consoles = null }: { unwell?: Trouble[]; consoles?: Consoles | null }): LiveState {
  const same = unwell.length === state.unwell.length && unwell.every((one, n) => one.since === state.unwell[n]?.since)
  return same && alike(consoles, state.consoles) ? state : { ...state, unwell, consoles }
}

function alike(one: Consoles | null, other: Consoles | null): boolean {
  return one?.open === other?.open && one?.armed === other?.armed && one?.complete === other?.complete
}

function greeted(state: LiveState, head: number): LiveState {
  if (state.position === null) return state
  if (head <= state.position) return { ...state, catchUp: null, missed: 0 }
  return { ...state, catchUp: { to: head, seen: 0 } }
}

function replaced(state: LiveState, position: number, list: readonly Alarm[]): LiveState {
  const ended = [...state.alarms.values()].filter(isClosed)
  const alarms = new Map([...ended, ...list].map((alarm) => [alarm.id, alarm]))
  const missed = state.position === null ? state.missed : Math.max(0, position - state.position)
  return { ...state, position, alarms, unknown: new Set(), catchUp: null, missed }
}

function grown(state: LiveState, events: readonly AlarmEvent[]): LiveState {
  const { position } = state
  if (position === null) return state
  const fresh = events.filter((event) => event.position > position)
  if (fresh.length === 0) return state
  const alarms = new Map(state.alarms)
  const unknown = new Set(state.unknown)
  for (const event of fresh) {
    const had = alarms.get(event.alarm)
    // Over for us, and going on: it was hidden from us until now, so we missed what made it what it is.
    if (had && isClosed(had) && !isOver(event.state)) unknown.add(event.alarm)
    else if (had) alarms.set(event.alarm, folded(had, event))
    else if (event.kind === 'raised') alarms.set(event.alarm, opened(event))
    else if (!isOver(event.state)) unknown.add(event.alarm)
  }
  const last = fresh[fresh.length - 1]
  const catchUp = state.catchUp && { ...state.catchUp, seen: state.catchUp.seen + fresh.length }
  return { ...state, alarms, unknown, catchUp, position: last?.position ?? position }
}

function moved(state: LiveState, position: number): LiveState {
  if (state.position === null) return state
  const now = Math.max(state.position, position)
  const { catchUp } = state
  if (catchUp && now >= catchUp.to) return { ...state, position: now, catchUp: null, missed: catchUp.seen }
  return now === state.position ? state : { ...state, position: now }
}
