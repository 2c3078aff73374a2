import { describe, expect, it } from 'vitest'
import type { Alarm } from '../live/contract'
import { PATTERNS, samples, sounding, type Tone } from './tones'
import { wanted } from './wanted'

const RATE = 8_000

function alarm(more: Partial<Alarm> = {}): Alarm {
  return {
    id: 'a', state: 'raised', kind: 'panic', site: 'f', zone: 'f/r', device: null, drill: false, opened_at: '', changed_at: '', presses: 1,
    version: 1, needed: 1, responders: [], next: { at: '', step: 1, round: 1 }, outcome: null, by: null, note: null, cause: null, linked: null, coerced: false, ...more,
  }
}

describe('the patterns', () => {
  it('fit into their turn, are heard, and never clip', () => {
    for (const tone of Object.keys(PATTERNS) as Tone[]) {
      const pattern = PATTERNS[tone]
      const turn = samples(pattern, RATE)
      expect(turn.length, tone).toBe(pattern.every * RATE)
      expect(sounding(pattern), tone).toBeLessThan(pattern.every)
      const peak = turn.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(peak, tone).toBeGreaterThan(pattern.level / 2)
      expect(peak, tone).toBeLessThanOrEqual(1)
    }
  })

  it('for people are twice five pulses, repeated every 5 s, later every 2.5 s', () => {
    expect(PATTERNS.person.pulses).toHaveLength(10)
    expect([PATTERNS.person.every, PATTERNS.person_fast.every]).toEqual([5, 2.5])
  })
})

describe('what must sound', () => {
  it('is an unanswered alarm of people, faster after the second step', () => {
    expect(wanted([alarm()], false)).toBe('person')
    expect(wanted([alarm({ next: { at: '', step: 3, round: 1 } })], false)).toBe('person_fast')
    expect(wanted([alarm({ next: { at: '', step: 1, round: 2 } })], false)).toBe('person_fast')
    expect(wanted([alarm({ state: 'acknowledged' })], false)).toBeNull()
  })

  it('is never a silent, a technical or a test alarm', () => {
    expect(wanted([alarm({ kind: 'duress' }), alarm({ kind: 'technical' }), alarm({ kind: 'test' })], false)).toBeNull()
  })

  it('is the pace of the real one when a drill runs beside it', () => {
    const drill = alarm({ drill: true, next: { at: '', step: 3, round: 1 } })
    expect(wanted([drill], false)).toBe('person_fast')
    expect(wanted([drill, alarm()], false)).toBe('person')
  })

  it('is the connection only when no alarm calls', () => {
    expect(wanted([], true)).toBe('lost')
    expect(wanted([alarm({ kind: 'duress' })], true)).toBe('lost')
    expect(wanted([alarm()], true)).toBe('person')
  })
})
