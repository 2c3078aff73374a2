/** What happened, now, and what will happen: an ordered list with clocks. */
import type { Alarm, PlannedStep } from '../live/contract'
import { Countdown, WallClock } from '../live/Clocks'
import { isClosed } from '../live/reducer'
import { store } from '../live/store'
import type { Story } from '../live/useDetails'
import { usePlaces } from '../session/useOrganisation'
import { moment } from '../texts/time'
import type { T } from '../texts/t'
import { useT } from '../texts/useT'
import { Message } from '../ui'
import { entries, type Entry, type Told } from './entries'
import { reasonOf, sentence } from './story'
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
        <span className="time-what">{sentence(t, places, event)}</span>
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
      {told.tried.map(({ channel, state, why, reason }, i) => (
        <span key={i} className="time-try" data-attempt={state} title={why ? t.word('reason', why) : undefined}>
          {reason && <span className="quiet">{t.word('reason', reason)}: </span>}
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
