/** The press of this phone, from the hold to the answer. It outlives redrawing, and a newer press takes its place. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { press } from '../live/api'
import { newRef } from '../live/ref'
import { store } from '../live/store'
import { fire, type Firing } from './firing'

export interface Fired {
  firing: Firing
  silent: boolean
}

export interface Trigger {
  fired: Fired | null
  pull(zone: string, silent: boolean): void
  clear(): void
}

export function useFiring(): Trigger {
  const [fired, setFired] = useState<Fired | null>(null)
  const turn = useRef(0)
  useEffect(
    () => () => {
      turn.current += 1
    },
    [],
  )
  const pull = useCallback((zone: string, silent: boolean) => {
    const mine = ++turn.current
    const body = { zone, kind: silent ? ('duress' as const) : ('panic' as const), ref: newRef() }
    void fire({
      send: (patience) => press(body, patience),
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      now: store.now,
      tell: (firing) => setFired({ firing, silent }),
      over: () => turn.current !== mine,
    })
  }, [])
  const clear = useCallback(() => {
    turn.current += 1
    setFired(null)
  }, [])
  return { fired, pull, clear }
}
