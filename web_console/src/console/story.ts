/** PURE. What happened, an event a sentence, and more quietly why; `alarmd/wording/story.py` says the same in the log. */
import type { AlarmEvent } from '../live/contract'
import type { Places } from '../session/places'
import type { T } from '../texts/t'

export function sentence(t: T, places: Places, event: AlarmEvent): string {
  const who = places.actor(event.by, t('system'))
  switch (event.kind) {
    case 'raised':
    case 'joined':
    case 'upgraded': {
      if (event.data.pin) return t('event.coerced', { who })
      const line = t(`event.${event.kind}`, { kind: t.word('kind', event.data.kind) })
      return event.data.fault ? `${line}. ${t('event.fault', { text: event.data.fault })}` : line
    }
    case 'step_due': {
      const { step, round, tell } = event.data
      return t(round > 1 ? 'event.step_due_round' : 'event.step_due', { n: step, round, who: places.people(tell) })
    }
    case 'notified':
      return t(event.data.purpose === 'all_clear' ? 'event.all_clear' : 'event.notified', { who: places.person(event.data.person) })
    case 'receipt': {
      const { person, channel, state } = event.data
      return t('event.receipt', { who: places.person(person), channel: t.word('channel', channel), state: t.word('attempt', state) })
    }
    case 'acknowledged':
    case 'en_route':
    case 'arrived':
    case 'declined':
      return t(`event.${event.kind}`, { who: places.person(event.data.person) })
    case 'lapsed':
      return t('event.lapsed', { who: places.people(event.data.people) })
    case 'escalated':
      if (event.data.reason === 'nobody_reached') return t('event.step_nobody', { n: event.data.step })
      if (event.data.reason === 'kept_inside') return t('event.step_inside', { n: event.data.step })
      if (event.data.reason === 'every_way_failed') return t('event.step_failed', { n: event.data.step })
      return t('event.escalated', { who })
    case 'attended':
      return t('event.attended')
    case 'noted':
      return event.data.text ? t('event.noted', { who, text: event.data.text }) : t('event.fault', { text: event.data.fault ?? '' })
    case 'resolved':
      return t('event.resolved', { who, outcome: t.word('outcome', event.data.outcome) })
    case 'cancelled':
      return t(event.data.pin ? 'event.cancelled_pin' : 'event.cancelled', { who })
    default:
      return t('event.other', { kind: (event as { kind: string }).kind })
  }
}

/** The part that is said more quietly: why alarmd did it, and the words that somebody gave. */
export function reasonOf(t: T, event: AlarmEvent): string | null {
  const words = wordsOf(event)
  const why = whyOf(event)
  const late = event.kind === 'step_due' && event.data.late !== undefined && t('event.late', { n: event.data.late })
  const quiet = [why && t.word('reason', why), late].filter(Boolean).join(', ')
  return [words && t('event.reason', { text: words }), quiet && `(${quiet})`].filter(Boolean).join(' ') || null
}

function wordsOf(event: AlarmEvent): string | null {
  if (event.kind === 'raised' || event.kind === 'joined') return event.data.note
  if (event.kind === 'upgraded') return event.data.pin ? (event.data.reason ?? null) : null
  return event.kind === 'resolved' || event.kind === 'cancelled' ? event.data.reason : null
}

/** Reasons that go without saying. */
const QUIET = new Set(['step_is_due', 'ended'])

/** Where the sentence itself does not say it. */
function whyOf(event: AlarmEvent): string | null {
  const told = event.kind === 'step_due' || event.kind === 'notified' || event.kind === 'joined' || event.kind === 'declined'
  const reason = told ? event.data.reason : null
  return reason && !QUIET.has(reason) ? reason : null
}
