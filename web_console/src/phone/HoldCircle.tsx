/**
 * The one gesture. The ring fills outside of the finger, because a thumb hides everything else. In silent mode nothing
 * moves: who looks over a shoulder sees a grey disc that does nothing.
 */
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { useT } from '../texts/useT'
import { held, HOLD_FOR, progress, type Hold, type Touch } from './hold'
import './hold.css'

interface Props {
  silent: boolean
  /** Why one cannot hold just now; null when one can. */
  hindered: string | null
  onFire(): void
}

const KEY = 'key'
/** The full ring stays so long, in milliseconds, then the circle is ready again. */
const SHOWN_FOR = 800

export function HoldCircle({ silent, hindered, onFire }: Props) {
  const t = useT()
  const { hold, touch } = useHold(onFire)
  const ring = useRing(hold, silent)
  const holding = hold.is === 'holding'

  const point = (event: PointerEvent, type: 'press' | 'move') => {
    const place = { by: `pointer ${event.pointerId}`, x: event.clientX, y: event.clientY }
    touch(type === 'press' ? { type, ...place, at: performance.now() } : { type, ...place })
  }
  const down = (event: PointerEvent<HTMLButtonElement>) => {
    if (hindered !== null || event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    point(event, 'press')
  }
  const key = (event: KeyboardEvent) => {
    if (event.key !== ' ' && event.key !== 'Enter') return
    event.preventDefault()
    if (hindered === null && !event.repeat) touch({ type: 'press', by: KEY, x: 0, y: 0, at: performance.now() })
  }

  const said = (): string => {
    if (hindered !== null) return hindered
    if (silent) return ''
    if (holding) return t('phone.holding')
    return t(hold.is === 'aborted' ? 'phone.aborted' : 'phone.hold_help')
  }

  return (
    <div className="hold" data-silent={silent || undefined}>
      <button
        type="button"
        className="hold-circle"
        data-testid="hold"
        data-hold={hold.is}
        aria-disabled={hindered !== null || undefined}
        aria-describedby="hold-help"
        onPointerDown={down}
        onPointerMove={(event) => point(event, 'move')}
        onPointerUp={(event) => touch({ type: 'release', by: `pointer ${event.pointerId}` })}
        onPointerCancel={() => touch({ type: 'interrupt' })}
        onLostPointerCapture={(event) => touch({ type: 'release', by: `pointer ${event.pointerId}` })}
        onKeyDown={key}
        onKeyUp={() => touch({ type: 'release', by: KEY })}
        onBlur={() => touch({ type: 'interrupt' })}
        onContextMenu={(event) => event.preventDefault()}
      >
        <svg viewBox="0 0 320 320" aria-hidden="true" focusable="false">
          <circle className="hold-track" cx="160" cy="160" r="150" />
          <circle ref={ring} className="hold-ring" cx="160" cy="160" r="150" pathLength="100" strokeDasharray="100" strokeDashoffset="100" transform="rotate(-90 160 160)" />
          <circle className="hold-disc" cx="160" cy="160" r="132" />
          <circle className="hold-core" cx="160" cy="160" r="96" />
        </svg>
        <span className="hold-label">{t(silent ? 'phone.hold_short' : 'phone.hold')}</span>
      </button>
      <p className="hold-help" id="hold-help" data-testid="hold-help">
        {said()}
      </p>
    </div>
  )
}

function useHold(onFire: () => void) {
  const [hold, setHold] = useState<Hold>({ is: 'idle' })
  const now = useRef(hold)
  const fire = useRef(onFire)
  useEffect(() => {
    fire.current = onFire
  })

  const touch = useCallback((each: Touch) => {
    const before = now.current
    const after = held(before, each)
    if (after === before) return
    now.current = after
    setHold(after)
    if (after.is === 'done') fire.current()
  }, [])

  const done = hold.is === 'done'
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => touch({ type: 'rest' }), SHOWN_FOR)
    return () => clearTimeout(timer)
  }, [done, touch])

  const holding = hold.is === 'holding'
  useEffect(() => {
    if (!holding) return
    const timer = setTimeout(() => touch({ type: 'look', at: performance.now() }), HOLD_FOR + 5)
    const away = () => touch({ type: 'interrupt' })
    const other = (event: globalThis.PointerEvent) => touch({ type: 'press', by: `pointer ${event.pointerId}`, x: 0, y: 0, at: performance.now() })
    window.addEventListener('blur', away)
    document.addEventListener('visibilitychange', away)
    window.addEventListener('pointerdown', other)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('blur', away)
      document.removeEventListener('visibilitychange', away)
      window.removeEventListener('pointerdown', other)
    }
  }, [holding, touch])
  return { hold, touch }
}

/** Draws the progress frame by frame as an attribute: it is information, so it must also run where motion is reduced. */
function useRing(hold: Hold, silent: boolean) {
  const ring = useRef<SVGCircleElement>(null)
  useEffect(() => {
    let frame = 0
    const draw = () => {
      const done = silent ? 0 : progress(hold, performance.now())
      ring.current?.setAttribute('stroke-dashoffset', String(100 - 100 * done))
      if (hold.is === 'holding' && !silent) frame = requestAnimationFrame(draw)
    }
    draw()
    return () => cancelAnimationFrame(frame)
  }, [hold, silent])
  return ring
}
