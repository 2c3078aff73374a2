/** Whether this console can be heard just now. */
import { useEffect, useState } from 'react'
import { until } from '../texts/time'
import { useT } from '../texts/useT'
import { Bell, BellOff } from '../ui'
import type { Sound } from './Desk'

export function SoundPill({ sound }: { sound: Sound }) {
  const t = useT()
  const { audio, pausedUntil, calling } = sound.heard
  const left = useLeft(pausedUntil)
  const paused = pausedUntil !== null
  const said = (): string => {
    if (audio === 'off') return t('sound.off')
    if (audio === 'stopped') return t('sound.stopped')
    if (paused) return t('sound.paused', { t: until(left) })
    return t(calling ? 'sound.playing' : 'sound.on')
  }
  const off = audio !== 'running' || paused
  return (
    <span className="pill" data-sound={paused ? 'paused' : audio} data-testid="sound" aria-live="off">
      {off ? <BellOff /> : <Bell />}
      <span className="clock">{said()}</span>
    </span>
  )
}

/** Milliseconds until a local time, counted each half second while there is one. */
function useLeft(to: number | null): number {
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    if (to === null) return
    setNow(performance.now())
    const timer = setInterval(() => setNow(performance.now()), 500)
    return () => clearInterval(timer)
  }, [to])
  return to === null ? 0 : to - now
}
