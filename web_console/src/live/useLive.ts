/** The live store and the server's clock as React hooks. One ticker for all clocks; it stands still when none is shown. */
import { useSyncExternalStore } from 'react'
import { store, type View } from './store'

const TICK = 200

const tickers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribeTicks(tick: () => void): () => void {
  tickers.add(tick)
  timer ??= setInterval(() => {
    for (const each of tickers) each()
  }, TICK)
  return () => {
    tickers.delete(tick)
    if (tickers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

export function useLive(): View {
  return useSyncExternalStore(store.subscribe, () => store.shown)
}

/** Server time in whole seconds since 1970: who uses it is drawn once a second. */
export function useSecond(): number {
  return useSyncExternalStore(subscribeTicks, () => Math.floor(store.now() / 1000))
}

/** A value told from server time (milliseconds), drawn again only when the value changes. */
export function useAt<T extends string | number | boolean>(value: (now: number) => T): T {
  return useSyncExternalStore(subscribeTicks, () => value(store.now()))
}
