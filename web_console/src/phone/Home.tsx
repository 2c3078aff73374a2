/** The phone page of somebody who is signed in: raise, see that help comes, answer others. */
import { useMemo, useRef, useState } from 'react'
import { ConnectionPill } from '../alarms/ConnectionPill'
import type { Alarm, Session } from '../live/contract'
import { isSilent, sections } from '../live/order'
import { isClosed } from '../live/reducer'
import { useActions } from '../live/useActions'
import { useLive } from '../live/useLive'
import { Places } from '../session/places'
import { PlacesContext, useOrganisation } from '../session/useOrganisation'
import { Choosers } from '../theme/Choosers'
import type { ThemeChoice } from '../theme/useTheme'
import { useT } from '../texts/useT'
import { Button, Gear, Message, Switch } from '../ui'
import { Colleagues } from './Colleagues'
import { HoldCircle } from './HoldCircle'
import { OwnAlarm } from './OwnAlarm'
import { PlaceChoice, usePlace } from './PlaceChoice'
import { useFiring } from './useFiring'

interface Props {
  session: Session
  theme: ThemeChoice
  onLeave(): void
  onSignedOut(): void
}

const MOST = 20
const EMERGENCY = '112'

export function Home({ session, theme, onLeave, onSignedOut }: Props) {
  const t = useT()
  const { live, connection } = useLive()
  const told = useOrganisation()
  const places = useMemo(() => told ?? new Places(null), [told])
  const place = usePlace(told, session.person)
  const trigger = useFiring()
  const actions = useActions(onSignedOut)
  const [silent, setSilent] = useState(false)
  const [settings, setSettings] = useState(false)
  const [dismissed, setDismissed] = useState<string | null>(null)
  const [taken, setTaken] = useState<{ id: string; taking: 'asked' | 'done' } | null>(null)
  const hushed = useRef(new Set<string>())

  const { fired } = trigger
  if (fired?.silent && fired.firing.is === 'received') hushed.current.add(fired.firing.received.alarm)
  const loud = fired && !fired.silent ? fired.firing : null
  const raised = ownAlarm(live.alarms, session.person, loud?.is === 'received' ? loud.received.alarm : null, dismissed)
  const own = (taken && live.alarms.get(taken.id)) ?? raised
  // What somebody pressed in silence is nowhere on his own phone: whoever holds it now must not find it.
  const asked = sections(live.alarms.values())
    .filter((section) => section.group !== 'closed')
    .flatMap((section) => section.alarms)
    .filter((alarm) => alarm.id !== own?.id && !hushed.current.has(alarm.id) && !(isSilent(alarm) && isBy(alarm, session.person)))
    .slice(0, MOST)
  const emergency = (place.zone && places.zone(place.zone)?.site.emergency_number) || EMERGENCY

  return (
    <PlacesContext value={places}>
      <header className="top">
        <h1>{t('app.phone')}</h1>
        <ConnectionPill />
        <Button
          look="tertiary"
          icon={<Gear />}
          aria-label={t('phone.settings')}
          aria-expanded={settings}
          onClick={() => setSettings(!settings)}
          data-testid="settings"
        />
      </header>
      <main className="home">
        {settings && (
          <section className="settings" aria-label={t('phone.settings')}>
            <Choosers theme={theme} />
            <p className="quiet">{t('signed_in_as', { name: session.name })}</p>
            <Button onClick={onLeave} data-testid="sign-out">
              {t('signin.out')}
            </Button>
          </section>
        )}
        {connection === 'lost' && (
          <Message tone="warning" data-testid="offline">
            {t('phone.offline', { number: emergency })}
          </Message>
        )}
        {told ? <PlaceChoice places={told} place={place} /> : <p className="quiet">{t('loading')}</p>}
        <HoldCircle
          silent={silent}
          hindered={place.zone === null ? t('phone.choose_place') : null}
          onFire={() => {
            if (place.zone === null) return
            if (!silent) navigator.vibrate?.(80)
            setDismissed(null)
            setTaken(null)
            trigger.pull(place.zone, silent)
          }}
        />
        <div className="silent">
          <Switch on={silent} onSwitch={setSilent} data-testid="silent">
            {t('phone.silent')}
          </Switch>
          <span className="silent-dot" data-testid="silent-dot" data-on={(fired?.silent && fired.firing.is === 'received') || undefined} aria-hidden="true" />
        </div>
        {(loud || own) && (
          <OwnAlarm
            firing={loud?.is === 'received' && own?.id !== loud.received.alarm ? null : loud}
            alarm={own}
            emergency={emergency}
            taking={taken && taken.id === own?.id ? taken.taking : 'no'}
            usable={connection !== 'lost'}
            actions={actions}
            onTake={(taking) => setTaken(taking === 'no' || !own ? null : { id: own.id, taking })}
            onDone={() => {
              setDismissed(own?.id ?? null)
              setTaken(null)
              trigger.clear()
            }}
          />
        )}
        <Colleagues
          alarms={asked}
          me={session.person}
          usable={connection !== 'lost'}
          actions={actions}
          onTake={(id) => setTaken({ id, taking: 'asked' })}
        />
      </main>
    </PlacesContext>
  )
}

/** The alarm that this person raised: the one just answered for, else the newest open one after a reload. */
function ownAlarm(alarms: ReadonlyMap<string, Alarm>, me: string, received: string | null, dismissed: string | null): Alarm | null {
  if (received !== null) return received === dismissed ? null : (alarms.get(received) ?? null)
  const open = [...alarms.values()].filter((alarm) => isBy(alarm, me) && !isClosed(alarm) && !isSilent(alarm))
  return open.sort((a, b) => b.opened_at.localeCompare(a.opened_at))[0] ?? null
}

function isBy({ by }: Alarm, me: string): boolean {
  return by !== null && 'person' in by && by.person === me
}
