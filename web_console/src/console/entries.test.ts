import { describe, expect, it } from 'vitest'
import type { AlarmEvent } from '../live/contract'
import { entries } from './entries'

let position = 0
function event(kind: AlarmEvent['kind'], data: object): AlarmEvent {
  return { position: ++position, alarm: 'a', kind, at: '', by: { system: 'alarmd' }, state: 'raised', site: null, data } as AlarmEvent
}

const step = (n: number, round = 1) => event('step_due', { step: n, round, reason: 'step_is_due', tell: ['ola'], next: null })
const notice = (person: string, n: number, ids: string[], more: object = {}) =>
  event('notified', {
    notification: `${person}${n}`, person, step: n, round: 1, purpose: 'step', reason: '', ...more,
    attempts: ids.map((id) => ({ id, channel: id.startsWith('c') ? 'console' : 'sms' })),
  })
const receipt = (attempt: string, state: string) => event('receipt', { notification: '', attempt, person: '', channel: '', state, why: null })

describe('the story', () => {
  it('puts notices and their receipts under their step, one line a person', () => {
    const [raised, first, second] = entries([
      event('raised', {}), step(1), notice('ola', 1, ['c1', 's1']), notice('per', 1, ['s2']), step(2), notice('ola', 2, ['s3']),
      notice('ola', 1, ['s4']), receipt('s1', 'delivered'), receipt('s2', 'failed'), receipt('unknown', 'seen'),
    ])
    expect(raised?.told).toEqual([])
    expect(first?.told.map((told) => [told.person, ...told.tried.map((each) => `${each.channel} ${each.state}`)])).toEqual([
      ['ola', 'console shown', 'sms delivered', 'sms queued'],
      ['per', 'sms failed'],
    ])
    expect(second?.told).toHaveLength(1)
  })

  it('says why somebody is told another way, and not why he is told at all', () => {
    const [only] = entries([step(1), notice('ola', 1, ['s1'], { reason: 'step_is_due' }), notice('ola', 1, ['s2'], { reason: 'not_delivered' })])
    expect(only?.told[0]?.tried.map((each) => each.reason)).toEqual([null, 'not_delivered'])
  })

  it('tells the rounds of a step apart, and gathers the all-clear', () => {
    const told = entries([
      step(1), step(1, 2), notice('ola', 1, ['s1'], { round: 2 }), notice('per', 1, ['s0']),
      notice('ola', 1, ['s2'], { purpose: 'all_clear' }), notice('per', 1, ['s3'], { purpose: 'all_clear' }),
    ]).map((entry) => entry.told.length)
    expect(told).toEqual([1, 1, 2])
  })

  it('keeps a notice without a step, and does not change the events', () => {
    const events = [notice('ola', 9, ['s1']), receipt('s1', 'delivered')]
    const before = JSON.stringify(events)
    expect(entries(events)).toHaveLength(1)
    expect(JSON.stringify(events)).toBe(before)
  })
})
