/** What happened, now, and what will happen: an ordered list with clocks. */
import type { Alarm, AlarmEvent, PlannedStep } from '../live/contract'
import { Countdown, WallClock } from '../live/Clocks'
import { isClosed } from '../live/reducer'
import { store } from '../live/store'
import type { Story } from '../live/useDetails'
import type { Places } from '../session/places'
import { usePlaces } from '../session/useOrganisation'
import { moment } from '../texts/time'
import type { T } from '../texts/t'
import { useT } from '../texts/useT'
import { Message } from '../ui'
import { entries, type Entry, type Told } from './entries'
import './timeline.css'

/** Longer stories are folded from the start: what is new is what counts. */
const MOST = 200

export function Timeline({ story, alarm }: { story: Story; alarm: Alarm }) {
  const t = useT()
  const { timeZone } = usePlaces()
  const { details } = story
  // The feed is ahead of the story, which is asked for after it.
  const open = !isClosed(alarm)
  const { next } = alarm
  return (
    <section className="timeline" aria-label={t('detail.timeline')} data-testid="timeline">
      <h3>{t('detail.timeline')}</h3>
      {story.unavailable && <Message tone="warning">{t('detail.unavailable')}</Message>}
      {!details && !story.unavailable && <p className="quiet">{t('loading')}</p>}
      {details && (
        <ol>
          {entries(details.timeline)
            .slice(-MOST)
            .map((entry) => (
              <Past key={entry.event.position} entry={entry} />
            ))}
          {open && (
            <li className="time-now">
              <span className="time-at">
                <WallClock zone={timeZone} />
              </span>
              <div>{t('timeline.now')}</div>
            </li>
          )}
          {open && next?.at && details.plan.map((step) => <Future key={`${step.step} ${step.at}`} step={step} />)}
          {open && !next?.at && alarm.state !== 'raised' && (
            <li className="time-future">
              <span className="time-at" />
              <div className="quiet">{t('timeline.waiting')}</div>
            </li>
          )}
        </ol>
      )}
    </section>
  )
}

function Past({ entry: { event, told } }: { entry: Entry }) {
  const t = useT()
  const places = usePlaces()
  const reason = reasonOf(t, event)
  return (
    <li className="time-past" data-event={event.kind}>
      <time className="time-at clock">{moment(Date.parse(event.at), store.now(), places.timeZone)}</time>
      <div>
        <span className="time-what">{said(t, places, event)}</span>
        {reason && <span className="quiet"> {reason}</span>}
        {told.length > 0 && (
          <ul className="time-told">
            {told.map((each) => (
              <TellLine key={each.person} told={each} />
            ))}
          </ul>
        )}
      </div>
    </li>
  )
}

function TellLine({ told }: { told: Told }) {
  const t = useT()
  const places = usePlaces()
  return (
    <li>
      {places.person(told.person)}
      {told.tried.map(({ channel, state, why }, i) => (
        <span key={i} className="time-try" data-attempt={state} title={why ? t.word('reason', why) : undefined}>
          {t.word('channel', channel)} {t.word('attempt', state)}
        </span>
      ))}
    </li>
  )
}

function Future({ step }: { step: PlannedStep }) {
  const t = useT()
  const places = usePlaces()
  return (
    <li className="time-future">
      <span className="time-at">
        <Countdown to={step.at} />
      </span>
      <div>
        {t('timeline.planned', { n: step.step, who: places.people(step.tell.map((each) => each.person)) || '–' })}
        <span className="quiet"> {channels(t, step)}</span>
      </div>
    </li>
  )
}

function channels(t: T, step: PlannedStep): string {
  const used = new Set(step.tell.flatMap((each) => each.by))
  return used.size > 0 ? `(${[...used].map((channel) => t.word('channel', channel)).join(', ')})` : ''
}

function said(t: T, places: Places, event: AlarmEvent): string {
  const who = places.actor(event.by, t('system'))
  switch (event.kind) {
    case 'raised':
    case 'joined':
    case 'upgraded': {
      const line = t(`event.${event.kind}`, { kind: t.word('kind', event.data.kind) })
      return event.data.fault ? `${line}. ${t('event.fault', { text: event.data.fault })}` : line
    }
    case 'step_due': {
      const { step, round, tell } = event.data
      if (tell.length === 0) return t('event.step_nobody', { n: step })
      return t(round > 1 ? 'event.step_due_round' : 'event.step_due', { n: step, round, who: places.people(tell) })
    }
    case 'notified':
      return t(event.data.purpose === 'all_clear' ? 'event.all_clear' : 'event.notified', { who: places.person(event.data.person) })
    case 'acknowledged':
    case 'en_route':
    case 'arrived':
    case 'declined':
      return t(`event.${event.kind}`, { who: places.person(event.data.person) })
    case 'lapsed':
      return t('event.lapsed', { who: places.people(event.data.people) })
    case 'escalated':
      return t('event.escalated', { who })
    case 'attended':
      return t('event.attended')
    case 'noted':
      return event.data.text ? t('event.noted', { who, text: event.data.text }) : t('event.fault', { text: event.data.fault ?? '' })
    case 'resolved':
      return t('event.resolved', { who, outcome: t.word('outcome', event.data.outcome) })
    case 'cancelled':
      return t('event.cancelled', { who })
    default:
      return t('event.other', { kind: event.kind })
  }
}

/** The part that is said more quietly: why a step came when it was not simply due, the words somebody gave. */
function reasonOf(t: T, event: AlarmEvent): string | null {
  if (event.kind === 'step_due') return event.data.reason === 'step_is_due' ? null : `(${t.word('reason', event.data.reason)})`
  if (event.kind === 'raised' || event.kind === 'joined') return event.data.note && t('event.reason', { text: event.data.note })
  if (event.kind === 'resolved' || event.kind === 'cancelled') return event.data.reason && t('event.reason', { text: event.data.reason })
  return null
}
