/** PURE. What one person can still do with an alarm, and what comes next for him. The server has the last word. */
import type { Alarm, Verb } from '../live/contract'
import { isClosed } from '../live/reducer'

export type Step = 'acknowledge' | 'en_route' | 'arrived' | 'resolve'

export function able(alarm: Alarm, me: string): Record<Verb, boolean> {
  const open = !isClosed(alarm)
  const mine = alarm.responders.find((r) => r.person === me)?.state ?? null
  const out = mine === null || mine === 'declined'
  return {
    acknowledge: open && out,
    en_route: open && (out || mine === 'acknowledged'),
    arrived: open && mine !== 'arrived',
    decline: open && mine !== 'declined' && mine !== 'arrived',
    resolve: open,
    cancel: open,
    escalate: open,
    note: true,
  }
}

/** The one step that is this person's next; null when the alarm has ended. */
export function nextStep(alarm: Alarm, me: string): Step | null {
  if (isClosed(alarm)) return null
  const mine = alarm.responders.find((r) => r.person === me)?.state
  if (mine === 'acknowledged') return 'en_route'
  if (mine === 'en_route') return 'arrived'
  if (mine === 'arrived') return 'resolve'
  return 'acknowledge'
}
