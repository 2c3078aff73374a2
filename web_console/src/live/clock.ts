/**
 * PURE. The server's time as seen from here. Every age and every countdown is drawn from it, never by counting ticks:
 * a sleeping tab or a wrong clock on this machine must not move a deadline. Local time is `performance.now()`, which
 * nobody can set.
 */

/** A minute of heartbeats: long enough to meet one quick frame, short enough to follow a drifting clock. */
const KEPT = 12

export class ServerClock {
  private offsets: number[] = []

  /** A frame said `server` (milliseconds since 1970) and reached us at `local`. */
  observe(server: number, local: number): void {
    if (Number.isNaN(server)) return
    this.offsets = [...this.offsets, server - local].slice(-KEPT)
  }

  /** Server time in milliseconds at `local`; before the first frame what this machine believes (`fallback`). */
  now(local: number, fallback: number): number {
    if (this.offsets.length === 0) return fallback
    // Delay makes an offset too small, never too large: the largest is the quickest frame.
    return local + Math.max(...this.offsets)
  }
}
