import { describe, expect, it } from 'vitest'
import type { Alarm, Responder, ResponderState } from '../live/contract'
import { able, nextStep } from './able'

const AT = '2027-03-01T09:00:00.000Z'
const ola = (state: ResponderState, counts = true): Responder => ({ person: 'ola', state, at: AT, counts, arrive_by: null })

function alarm(more: Partial<Alarm> = {}): Alarm {
  return {
    id: 'a', state: 'acknowledged', kind: 'panic', site: 'f', zone: 'f/r', device: null, drill: false, opened_at: AT, changed_at: AT,
    presses: 1, version: 1, needed: 1, responders: [ola('en_route')], next: { at: null, step: 2, round: 1 }, outcome: null, by: null,
    note: null, cause: null, linked: null, coerced: false, ...more,
  }
}

describe('one who cannot after all', () => {
  it('may say so until he is there', () => {
    const declining = (state: ResponderState) => able(alarm({ responders: [ola(state)] }), 'ola').decline
    expect((['acknowledged', 'en_route', 'arrived', 'declined'] as const).filter(declining)).toEqual(['acknowledged', 'en_route'])
    expect(able(alarm(), 'per').decline).toBe(true)
    expect(able(alarm({ state: 'resolved' }), 'per').decline).toBe(false)
  })
})

const RUNS = { at: AT, step: 2, round: 1 }

describe('one who is coming', () => {
  it('need not say it again while the clock stands', () => {
    expect(able(alarm(), 'ola').acknowledge).toBe(false)
    expect(nextStep(alarm(), 'ola')).toBe('arrived')
  })

  it('may say it again, and should, when somebody has pressed since', () => {
    const pressed = alarm({ next: RUNS, presses: 2 })
    expect(able(pressed, 'ola').acknowledge).toBe(true)
    expect(nextStep(pressed, 'ola')).toBe('acknowledge')
    expect(nextStep(pressed, 'per')).toBe('acknowledge')
  })

  it('may say it again once he is there, too', () => {
    const pressed = alarm({ state: 'attended', next: RUNS, presses: 2, responders: [ola('arrived')] })
    expect(able(pressed, 'ola').acknowledge).toBe(true)
    expect(nextStep(pressed, 'ola')).toBe('acknowledge')
  })

  it('need not where others are still wanted, where his word does not count, and once enough are there', () => {
    expect(able(alarm({ next: RUNS, needed: 2 }), 'ola').acknowledge).toBe(false)
    expect(able(alarm({ next: RUNS, responders: [ola('en_route', false)] }), 'ola').acknowledge).toBe(false)
    expect(able(alarm({ state: 'attended', responders: [ola('arrived')] }), 'ola').acknowledge).toBe(false)
  })
})
