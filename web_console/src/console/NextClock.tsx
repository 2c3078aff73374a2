/** The big clock: when somebody more is told and whom, or by when those who are coming must be there. */
import { Age, Countdown } from '../live/Clocks'
import type { Alarm, PlannedStep } from '../live/contract'
import { isClosed } from '../live/reducer'
import { useAt } from '../live/useLive'
import { store } from '../live/store'
import { usePlaces } from '../session/useOrganisation'
import { moment } from '../texts/time'
import { useT } from '../texts/useT'

export function NextClock({ alarm, plan }: { alarm: Alarm; plan: readonly PlannedStep[] }) {
  const t = useT()
  const places = usePlaces()
  if (isClosed(alarm)) {
    const at = moment(Date.parse(alarm.changed_at), store.now(), places.timeZone)
    return <div className="next quiet">{t(alarm.state === 'cancelled' ? 'phone.cancelled' : 'detail.closed_at', { t: at })}</div>
  }
  if (alarm.next?.at) return <ToNextStep at={alarm.next.at} step={alarm.next.step} round={alarm.next.round} plan={plan} />
  const deadline = alarm.responders.flatMap((r) => (r.counts && r.state !== 'arrived' && r.arrive_by ? [r.arrive_by] : [])).sort()[0]
  if (alarm.state === 'attended') return <Standing words={t('detail.attended')} alarm={alarm} />
  if (deadline) return <ToArrival at={deadline} />
  return <Standing words={alarm.state === 'raised' ? t('detail.unanswered') : t('detail.stands')} alarm={alarm} />
}

function ToNextStep({ at, step, round, plan }: { at: string; step: number; round: number; plan: readonly PlannedStep[] }) {
  const t = useT()
  const places = usePlaces()
  const due = useAt((now) => Date.parse(at) <= now)
  const told = plan.find((planned) => planned.step === step)
  const name = round > 1 ? t('detail.next_round', { n: step, round }) : t('detail.next_step', { n: step })
  return (
    <div className="next" data-testid="next">
      <span className="next-label">{t(due ? 'detail.next_now' : 'detail.next')}</span>
      <span className="next-clock">
        <Countdown to={at} />
      </span>
      <span className="next-who">
        {name}
        {told && told.tell.length > 0 && `: ${places.people(told.tell.map((each) => each.person))}`}
      </span>
    </div>
  )
}

function ToArrival({ at }: { at: string }) {
  const t = useT()
  const late = useAt((now) => Date.parse(at) <= now)
  return (
    <div className="next" data-testid="arrive-by">
      <span className="next-label">{t(late ? 'detail.arrive_late' : 'detail.arrive_by')}</span>
      <span className="next-clock">
        <Countdown to={at} />
      </span>
      <span className="next-who">{t('detail.stands')}</span>
    </div>
  )
}

function Standing({ words, alarm }: { words: string; alarm: Alarm }) {
  return (
    <div className="next">
      <span className="next-label">{words}</span>
      <span className="next-clock">
        <Age since={alarm.opened_at} />
      </span>
    </div>
  )
}
