import { describe, expect, it } from 'vitest'
import type { Received } from '../live/contract'
import type { Answer } from '../live/http'
import { fire, type Firing } from './firing'

const RECEIVED: Received = { signal: 's', alarm: 'a', joined: false, state: 'raised' }
const YES: Answer<Received> = { ok: true, body: RECEIVED }
const SILENCE: Answer<Received> = { ok: false, why: 'no_answer' }
const FULL: Answer<Received> = { ok: false, why: 'trouble', status: 503 }

/** Answers one after the other; ends when they are used up. Time is what was waited. */
async function run(answers: Answer<Received>[]) {
  const told: Firing[] = []
  let time = 0
  let sent = 0
  await fire({
    send: async () => answers[sent++] ?? SILENCE,
    wait: async (ms) => void (time += ms),
    now: () => time,
    tell: (firing) => told.push(firing),
    over: () => sent > answers.length,
  })
  return { told: told.map((f) => f.is), last: told.at(-1), time, sent }
}

describe('firing', () => {
  it('is received at the first answer', async () => {
    expect(await run([YES])).toMatchObject({ told: ['sending', 'received'], last: { received: RECEIVED }, sent: 1 })
  })

  it('tries again after a failure and then is received once', async () => {
    const { told, sent, time } = await run([FULL, SILENCE, YES])
    expect([told.at(-1), sent, time]).toEqual(['received', 3, 1_200])
    expect(told).not.toContain('unconfirmed')
  })

  it('says after four tries that nothing is confirmed, goes on, and may still be received', async () => {
    const { told, last } = await run([SILENCE, SILENCE, SILENCE, SILENCE, SILENCE, YES])
    expect(told.indexOf('unconfirmed')).toBe(7)
    expect(told.slice(7, -1)).not.toContain('sending')
    expect(last?.is).toBe('received')
  })

  it('says at once when the server says no, and what can be mended', async () => {
    const { told, last } = await run([{ ok: false, why: 'refused', status: 404 }])
    expect(told[1]).toBe('unconfirmed')
    expect(last).toMatchObject({ is: 'unconfirmed', why: 'phone.no_place' })
  })

  it('stops when a newer press took its place', async () => {
    const told: Firing[] = []
    let over = false
    await fire({
      send: async () => {
        over = true
        return YES
      },
      wait: async () => undefined,
      now: () => 0,
      tell: (firing) => told.push(firing),
      over: () => over,
    })
    expect(told.map((f) => f.is)).toEqual(['sending'])
  })
})
