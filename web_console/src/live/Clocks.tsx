/**
 * Clocks that run: drawn from the server's time, and only while somebody can see them. A screen reader is not told
 * each second; what a clock means is said by the words beside it.
 */
import { useEffect, useRef, useState, type RefObject } from 'react'
import { clock, span, until } from '../texts/time'
import { useAt } from './useLive'

interface Watched {
  (seen: boolean): void
}

const watched = new Map<Element, Watched>()
const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) watched.get(entry.target)?.(entry.isIntersecting)
})

/** Whether the element is on the screen; true until the browser has looked. */
function useSeen(ref: RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(true)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    watched.set(element, setSeen)
    observer.observe(element)
    return () => {
      watched.delete(element)
      observer.unobserve(element)
    }
  }, [ref])
  return seen
}

/** How long since. */
export function Age({ since }: { since: string }) {
  const ref = useRef<HTMLSpanElement>(null)
  const seen = useSeen(ref)
  return (
    <span ref={ref} className="clock" aria-live="off">
      {seen ? <Running text={(now) => span(now - Date.parse(since))} /> : '–'}
    </span>
  )
}

/** How long until. */
export function Countdown({ to }: { to: string }) {
  return (
    <span className="clock" role="timer" aria-live="off">
      <Running text={(now) => until(Date.parse(to) - now)} />
    </span>
  )
}

/** The server's clock. */
export function WallClock({ zone }: { zone: string }) {
  return (
    <time className="clock" aria-live="off">
      <Running text={(now) => clock(now, zone)} />
    </time>
  )
}

function Running({ text }: { text(now: number): string }) {
  return <>{useAt(text)}</>
}
