/**
 * PURE. Which tone must sound now. Unanswered alarms of people are heard until somebody answers; a silent alarm is
 * never heard; a real alarm mutes a drill (same tone, but the drill alone must not hasten it); a dead connection is
 * heard when nothing more important is.
 */
import type { Alarm } from '../live/contract'
import { isSilent, isTechnical } from '../live/order'
import type { Tone } from './tones'

/** A pause lasts at most so long, in milliseconds. */
export const LONGEST_PAUSE = 60_000

/** Milliseconds of silence on the feed before the connection's own tone. */
export const LOST_TONE_AFTER = 10_000

/** After this step without an answer the tone hastens. */
const HASTEN_AFTER = 2

/** Whether people must hear it as long as nobody has answered. */
export function calls(alarm: Alarm): boolean {
  return alarm.state === 'raised' && isHeard(alarm)
}

/** Whether it may be heard at all and is for people to hear. */
export function isHeard(alarm: Alarm): boolean {
  return !isSilent(alarm) && !isTechnical(alarm) && alarm.kind !== 'test'
}

export function wanted(alarms: Iterable<Alarm>, lost: boolean): Tone | null {
  const calling = [...alarms].filter(calls)
  const real = calling.filter((alarm) => !alarm.drill)
  const heard = real.length > 0 ? real : calling
  if (heard.length > 0) return heard.some(hastens) ? 'person_fast' : 'person'
  return lost ? 'lost' : null
}

function hastens({ next }: Alarm): boolean {
  return next !== null && (next.round > 1 || next.step > HASTEN_AFTER)
}
