/**
 * What became of the press: on its way, received, who is coming; or that nothing is confirmed and what to do then. And
 * how to take it back.
 */
import { useEffect, useRef } from 'react'
import type { Alarm, ResponderState } from '../live/contract'
import { isClosed } from '../live/reducer'
import type { Actions } from '../live/useActions'
import { usePlaces } from '../session/useOrganisation'
import { clock } from '../texts/time'
import type { T } from '../texts/t'
import { useT } from '../texts/useT'
import { Arrow, Button, Check, Phone, Pin } from '../ui'
import type { Firing } from './firing'
import { PinPad } from './PinPad'

interface Props {
  firing: Firing | null
  alarm: Alarm | null
  emergency: string
  /** He is about to take it back by his code, or has. */
  taking: 'no' | 'asked' | 'done'
  usable: boolean
  actions: Actions
  onTake(taking: 'no' | 'asked' | 'done'): void
  onDone(): void
}

/** Brings what just changed into sight: on a small phone it stands below the circle. */
function useInSight(what: string) {
  const ref = useRef<HTMLElement>(null)
  useEffect(() => {
    // Newer browsers return a promise here, which must not be taken for the effect's undoing.
    void ref.current?.scrollIntoView({ block: 'nearest' })
  }, [what])
  return ref
}

export function OwnAlarm({ firing, alarm, emergency, taking, usable, actions, onTake, onDone }: Props) {
  const t = useT()
  const { timeZone } = usePlaces()
  const ref = useInSight(`${firing?.is} ${alarm?.state} ${taking}`)
  if (firing?.is === 'unconfirmed') return <NotConfirmed firing={firing} emergency={emergency} />
  const received = firing?.is === 'received' ? firing.at : alarm && Date.parse(alarm.opened_at)
  // The feed may tell of the end before the answer comes: until then the pad stays as it is.
  const asks = alarm && taking === 'asked' && (!isClosed(alarm) || actions.of(alarm.id, 'cancel')?.is === 'sending')
  return (
    <section ref={ref} className="own" data-testid="own" data-firing={firing?.is ?? 'received'} aria-label={t('phone.status')}>
      <p className="own-line" role="status" data-testid="phone-status">
        {received === null || firing?.is === 'sending'
          ? sending(t, firing)
          : t('phone.received', { t: clock(received, timeZone) })}
      </p>
      {firing?.is === 'received' && firing.received.joined && <p className="quiet">{t('phone.joined')}</p>}
      {alarm && <Coming alarm={alarm} />}
      {alarm && asks && <PinPad alarm={alarm} usable={usable} actions={actions} onTaken={() => onTake('done')} onBack={() => onTake('no')} />}
      {alarm && !isClosed(alarm) && taking === 'no' && (
        <Button size="medium" onClick={() => onTake('asked')} data-testid="mistake">
          {t('phone.mistake')}
        </Button>
      )}
      {alarm && isClosed(alarm) && !asks && (
        <>
          <p className="own-line" role="status" data-testid="own-ended">
            {taking === 'done'
              ? t('phone.mistaken')
              : t(alarm.state === 'cancelled' ? 'phone.cancelled' : 'phone.ended', { t: clock(Date.parse(alarm.changed_at), timeZone) })}
          </p>
          <Button onClick={onDone} data-testid="own-done">
            {t('phone.done')}
          </Button>
        </>
      )}
    </section>
  )
}

function sending(t: T, firing: Firing | null): string {
  return firing?.is === 'sending' && firing.tries > 1 ? t('phone.sending_try', { n: firing.tries }) : t('phone.sending')
}

const ICONS: Record<ResponderState, typeof Check> = { acknowledged: Check, en_route: Arrow, arrived: Pin, declined: Check }

function Coming({ alarm }: { alarm: Alarm }) {
  const t = useT()
  const places = usePlaces()
  const coming = alarm.responders.filter((r) => r.state !== 'declined')
  if (coming.length === 0) return isClosed(alarm) ? null : <p className="quiet">{t('phone.waiting')}</p>
  return (
    <ul className="own-coming" aria-live="polite" data-testid="phone-coming">
      {coming.map((r) => {
        const Icon = ICONS[r.state]
        return (
          <li key={r.person} data-responder={r.state}>
            <Icon />
            <span>
              <strong>{places.person(r.person)}</strong> {t(`responder.${r.state}`)}
            </span>
            <span className="clock quiet">{clock(Date.parse(r.at), places.timeZone)}</span>
          </li>
        )
      })}
    </ul>
  )
}

function NotConfirmed({ firing, emergency }: { firing: Extract<Firing, { is: 'unconfirmed' }>; emergency: string }) {
  const t = useT()
  const ref = useInSight('unconfirmed')
  return (
    <section ref={ref} className="own own-failed" role="alert" data-testid="own" data-firing="unconfirmed">
      <p className="own-big" data-testid="phone-status">
        {t('phone.not_confirmed')}
      </p>
      <p>{t('phone.not_confirmed_help', { number: emergency })}</p>
      {firing.why && <p>{t(firing.why)}</p>}
      <a className="own-call" href={`tel:${emergency}`} data-testid="call-emergency">
        <Phone />
        {t('phone.call', { number: emergency })}
      </a>
      <p className="quiet">{t('phone.sending_try', { n: firing.tries })}</p>
    </section>
  )
}
