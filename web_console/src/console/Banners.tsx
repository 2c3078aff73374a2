/** What stands across the whole screen: a lost connection, a drill, a console that cannot be heard. Guards cannot close these. */
import { useEffect, useState } from 'react'
import type { Alarm } from '../live/contract'
import { isTechnical } from '../live/order'
import { isClosed } from '../live/reducer'
import { store } from '../live/store'
import { useLive } from '../live/useLive'
import { usePlaces } from '../session/useOrganisation'
import { clock } from '../texts/time'
import { useT } from '../texts/useT'
import { BellOff, Broken, Button } from '../ui'
import type { Sound } from './Desk'
import './banners.css'

const BACK_FOR = 10_000

export function Banners({ alarms, sound }: { alarms: ReadonlyMap<string, Alarm>; sound: Sound }) {
  const t = useT()
  return (
    <section className="banners" aria-label={t('banners.label')}>
      <LostBanner />
      <StoreBanner />
      <BackBanner />
      <UnwatchedBanner alarms={alarms} />
      <DrillBanner alarms={alarms} />
      <SoundBanner sound={sound} />
    </section>
  )
}

function LostBanner() {
  const t = useT()
  const { connection } = useLive()
  const { timeZone } = usePlaces()
  if (connection !== 'lost') return null
  return (
    <div className="banner banner-lost" role="alert" data-testid="lost">
      <Broken />
      <p>
        <strong>{t('connection.banner', { t: clock(store.silentSince(), timeZone) })}</strong> {t('connection.banner_help')}
      </p>
    </div>
  )
}

/** Nothing can be stored: no press is taken, and no alarm can tell of it. */
function StoreBanner() {
  const t = useT()
  const { live, connection } = useLive()
  const { timeZone } = usePlaces()
  const trouble = live.unwell.find((one) => one.cause === 'store')
  if (!trouble || connection === 'lost') return null
  return (
    <div className="banner banner-lost" role="alert" data-testid="store-away">
      <Broken />
      <p>
        <strong>{t('store.banner', { t: clock(Date.parse(trouble.since), timeZone) })}</strong> {t('store.banner_help')}
      </p>
    </div>
  )
}

/** For a while after a reconnect: that it is back, and how much happened meanwhile. */
function BackBanner() {
  const t = useT()
  const { live, connection } = useLive()
  const [lost, setLost] = useState(false)
  const [back, setBack] = useState<number | null>(null)
  useEffect(() => {
    if (connection === 'lost' || connection === 'slow') {
      setLost(true)
      setBack(null)
    }
    if (connection !== 'live' || !lost || live.missed === null || live.catchUp) return
    setLost(false)
    setBack(live.missed)
  }, [connection, lost, live.missed, live.catchUp])
  useEffect(() => {
    if (back === null) return
    const timer = setTimeout(() => setBack(null), BACK_FOR)
    return () => clearTimeout(timer)
  }, [back])
  if (back === null) return null
  return (
    <div className="banner banner-back" role="status" data-testid="back">
      <p>{back === 0 ? t('connection.back_none') : t.count('connection.back', back)}</p>
    </div>
  )
}

/** Nobody of those who are to watch is at a console that can be heard: told by its technical alarm, which knows of all nodes. */
function UnwatchedBanner({ alarms }: { alarms: ReadonlyMap<string, Alarm> }) {
  const t = useT()
  if (![...alarms.values()].some((alarm) => alarm.cause === 'no_armed_console' && !isClosed(alarm))) return null
  return (
    <div className="banner banner-sound" role="status" data-testid="unwatched">
      <BellOff />
      <p>
        <strong>{t('unwatched.banner')}</strong> {t('unwatched.help')}
      </p>
    </div>
  )
}

function DrillBanner({ alarms }: { alarms: ReadonlyMap<string, Alarm> }) {
  const t = useT()
  const open = [...alarms.values()].filter((alarm) => !isClosed(alarm) && !isTechnical(alarm))
  if (!open.some((alarm) => alarm.drill)) return null
  const mixed = open.some((alarm) => !alarm.drill)
  return (
    <div className="banner banner-drill" data-class="drill" data-testid="drill">
      <p>
        <strong>{t(mixed ? 'drill.mixed' : 'drill.banner')}</strong>
      </p>
    </div>
  )
}

function SoundBanner({ sound }: { sound: Sound }) {
  const t = useT()
  const { audio } = sound.heard
  const [asked, setAsked] = useState(false)
  const [proven, setProven] = useState(false)
  const start = () => {
    setAsked(true)
    void sound.start()
  }
  if (audio === 'running' && (proven || !asked)) return null
  if (audio === 'running') {
    return (
      <div className="banner banner-sound" role="status">
        <Button look="primary" onClick={() => setProven(true)} data-testid="sound-heard">
          {t('sound.yes')}
        </Button>
        <Button onClick={start}>{t('sound.again')}</Button>
        <p>
          <strong>{t('sound.heard')}</strong> {t('sound.no_help')}
        </p>
      </div>
    )
  }
  return (
    <div className="banner banner-sound" role="status" data-testid="sound-off">
      <Button look="primary" onClick={start} data-testid="start-shift">
        {t(audio === 'off' ? 'sound.start' : 'sound.restart')}
      </Button>
      <BellOff />
      <p>
        <strong>{t(audio === 'off' ? 'sound.off' : 'sound.stopped')}</strong> {t(audio === 'off' ? 'sound.off_help' : 'sound.stopped_help')}
      </p>
    </div>
  )
}
