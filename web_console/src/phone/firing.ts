/**
 * PURE but for what is handed in. Getting one press to the server: tries with one and the same ref until it is answered,
 * so a lost answer never makes two alarms. After some tries it says that nothing is confirmed, and goes on trying.
 */
import { pressRefused } from '../alarms/refusals'
import type { Received } from '../live/contract'
import type { Answer } from '../live/http'
import type { Key } from '../texts/t'

/** After so many tries without an answer the person must know. */
export const TRIES = 4
const PATIENCE = 3_000
const LONG_PATIENCE = 8_000
const PAUSES = [400, 800, 1_600]
const LONG_PAUSE = 3_000

export type Firing =
  | { is: 'sending'; tries: number }
  | { is: 'received'; at: number; received: Received }
  | { is: 'unconfirmed'; tries: number; why: Key | null }

export interface World {
  send(patience: number): Promise<Answer<Received>>
  wait(milliseconds: number): Promise<void>
  now(): number
  tell(firing: Firing): void
  /** Nobody waits for this press any more: a newer one took its place. */
  over(): boolean
}

export async function fire({ send, wait, now, tell, over }: World): Promise<void> {
  let last: Firing = { is: 'sending', tries: 1 }
  for (let tries = 1; !over(); tries++) {
    if (last.is === 'sending') last = { is: 'sending', tries }
    tell(last)
    const answer = await send(tries <= TRIES ? PATIENCE : LONG_PATIENCE)
    if (over()) return
    if (answer.ok) return tell({ is: 'received', at: now(), received: answer.body })
    // Whoever is told no must know at once; trying again may still help after a new sign-in or a mended server.
    const no = pressRefused(answer)
    if (tries >= TRIES || no !== null) last = { is: 'unconfirmed', tries, why: no }
    tell(last)
    await wait(tries < TRIES ? (PAUSES[tries - 1] ?? LONG_PAUSE) : LONG_PAUSE)
  }
}
