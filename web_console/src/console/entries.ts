/**
 * PURE. The story of an alarm as lines to read: what happened, folded so that the many notices and receipts of one step
 * stand under that step, one line a person. Words are chosen by the screen; here is only what belongs together.
 */
import type { AlarmEvent, AttemptState } from '../live/contract'

export interface Tried {
  channel: string
  state: AttemptState
  why: string | null
  /** Why he is told another way, or once more. */
  reason: string | null
}

export interface Told {
  person: string
  tried: Tried[]
}

export interface Entry {
  event: AlarmEvent
  told: Told[]
}

const OTHER_WAYS = new Set(['not_accepted', 'not_delivered', 'attempt_failed', 'try_again', 'not_told_yet', 'every_way_failed', 'upgraded', 'duress_pin'])

type Notified = Extract<AlarmEvent, { kind: 'notified' }>

/** One entry for each event but receipts, and notices that stand under their step. */
export function entries(events: readonly AlarmEvent[]): Entry[] {
  const found: Entry[] = []
  const attempts = new Map<string, Tried>()
  for (const event of events) {
    if (event.kind === 'receipt') {
      const tried = attempts.get(event.data.attempt)
      if (tried) Object.assign(tried, { state: event.data.state, why: event.data.why })
    } else if (event.kind === 'notified') {
      const reason = OTHER_WAYS.has(event.data.reason) ? event.data.reason : null
      const tried = event.data.attempts.map(({ id, channel }): Tried => {
        const attempt: Tried = { channel, state: channel === 'console' ? 'shown' : 'queued', why: null, reason }
        attempts.set(id, attempt)
        return attempt
      })
      tell(place(found, event).told, event.data.person, tried)
    } else {
      found.push({ event, told: [] })
    }
  }
  return found
}

/** The entry under which a notice stands: its step, an all-clear already begun, or one of its own. */
function place(found: Entry[], notice: Notified): Entry {
  const home = found.findLast(({ event }) => {
    if (notice.data.purpose === 'all_clear') return event.kind === 'notified' && event.data.purpose === 'all_clear'
    return event.kind === 'step_due' && event.data.step === notice.data.step && event.data.round === notice.data.round
  })
  if (home) return home
  const own: Entry = { event: notice, told: [] }
  found.push(own)
  return own
}

function tell(told: Told[], person: string, tried: Tried[]): void {
  const known = told.find((each) => each.person === person)
  if (known) known.tried.push(...tried)
  else told.push({ person, tried: [...tried] })
}
