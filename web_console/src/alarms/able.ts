/** PURE. What one person can still do with an alarm, and what comes next for him. The server has the last word. */
import type { Alarm, Responder, Verb } from '../live/contract'
import { isClosed } from '../live/reducer'

export type Step = 'acknowledge' | 'en_route' | 'arrived' | 'resolve'

export function able(alarm: Alarm, me: string): Record<Verb, boolean> {
  const open = !isClosed(alarm)
  const mine = alarm.responders.find((r) => r.person === me)?.state ?? null
  const out = mine === null || mine === 'declined'
  return {
    acknowledge: open && (out || askedAgain(alarm, me)),
    en_route: open && (out || mine === 'acknowledged'),
    arrived: open && mine !== 'arrived',
    decline: open && mine !== 'declined' && mine !== 'arrived',
    resolve: open,
    cancel: open,
    escalate: open,
    note: true,
  }
}

/** Enough are coming or there, he among them, and somebody has pressed since: his word once more makes the chain's clock stand. */
export function askedAgain(alarm: Alarm, me: string): boolean {
  const coming = alarm.responders.filter(isComing)
  return Boolean((alarm.state === 'acknowledged' || alarm.state === 'attended') && alarm.next?.at && coming.length >= alarm.needed && coming.some((r) => r.person === me))
}

function isComing(responder: Responder): boolean {
  return responder.counts && responder.state !== 'declined'
}

/** The one step that is this person's next; null when the alarm has ended. */
export function nextStep(alarm: Alarm, me: string): Step | null {
  if (isClosed(alarm)) return null
  if (askedAgain(alarm, me)) return 'acknowledge'
  const mine = alarm.responders.find((r) => r.person === me)?.state
  if (mine === 'acknowledged') return 'en_route'
  if (mine === 'en_route') return 'arrived'
  if (mine === 'arrived') return 'resolve'
  return 'acknowledge'
}
