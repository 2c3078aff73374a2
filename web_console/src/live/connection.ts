/** PURE. How much the screen may be trusted, told from the age of the last frame (the server sends one each 5 s). */

export type Connection = 'connecting' | 'live' | 'slow' | 'lost'

export const SLOW_AFTER = 7_000
export const LOST_AFTER = 15_000
/** A connection that has been silent for so long is given up for a new one, though nobody said it was closed. */
export const RENEW_AFTER = 10_000

export interface Link {
  /** Local milliseconds when the last frame came, or when we began to wait for the first. */
  lastFrame: number
  /** Whether any frame ever came. */
  heard: boolean
  /** Whether the socket is open just now. */
  open: boolean
}

export function connection(link: Link, now: number): Connection {
  const age = now - link.lastFrame
  if (age > LOST_AFTER) return 'lost'
  if (!link.heard) return 'connecting'
  return age > SLOW_AFTER || !link.open ? 'slow' : 'live'
}

/** Milliseconds until the next try: at once, then slower, never slower than every 2 s. */
export function pause(tries: number): number {
  return tries === 0 ? 0 : Math.min(2_000, 250 * 2 ** (tries - 1))
}
