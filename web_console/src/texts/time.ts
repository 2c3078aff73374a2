/**
 * PURE. Times and spans as digits. Digits need no names of days or months, which browsers do not have in nynorsk; the
 * zone is the organisation's, so that a laptop set to another zone shows the same clock as the wall.
 */

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone)
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      day: '2-digit',
      month: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(zone, found)
  }
  return found
}

/** `12:41:07`, for milliseconds since 1970. */
export function clock(at: number, zone: string): string {
  const part = parts(at, zone)
  return `${part.hour}:${part.minute}:${part.second}`
}

/** `12:41:07`, with the day before it (`22.11. 12:41:07`) when that is not the day of `now`. */
export function moment(at: number, now: number, zone: string): string {
  const then = parts(at, zone)
  const today = parts(now, zone)
  const day = then.day === today.day && then.month === today.month ? '' : `${then.day}.${then.month}. `
  return `${day}${clock(at, zone)}`
}

/** `0:47`, `12:05`, `1:02:03`: milliseconds, never below nought. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** How long until a deadline; rounded up, so that it shows 0:00 only when it has come. */
export function until(milliseconds: number): string {
  return span(Math.ceil(milliseconds / 1000) * 1000)
}

function parts(at: number, zone: string): Record<string, string> {
  return Object.fromEntries(format(zone).formatToParts(at).map((part) => [part.type, part.value]))
}
