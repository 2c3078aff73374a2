import { describe, expect, it } from 'vitest'
import { held, HOLD_FOR, progress, type Hold, type Touch } from './hold'

const press: Touch = { type: 'press', by: '1', x: 100, y: 100, at: 1_000 }
const look = (after: number): Touch => ({ type: 'look', at: 1_000 + after })
const run = (...touches: Touch[]) => touches.reduce<Hold>(held, { is: 'idle' }).is

describe('a hold', () => {
  it('is done after its time and not before', () => {
    expect(run(press, look(HOLD_FOR - 1))).toBe('holding')
    expect(run(press, look(HOLD_FOR))).toBe('done')
  })

  it('is done only once: letting go afterwards changes nothing', () => {
    expect(run(press, look(HOLD_FOR), { type: 'release', by: '1' }, { type: 'interrupt' })).toBe('done')
  })

  it('is given up by letting go, sliding off, a second finger, an interruption', () => {
    expect(run(press, { type: 'release', by: '1' }, look(HOLD_FOR))).toBe('aborted')
    expect(run(press, { type: 'move', by: '1', x: 100, y: 141 }, look(HOLD_FOR))).toBe('aborted')
    expect(run(press, { ...press, by: '2' }, look(HOLD_FOR))).toBe('aborted')
    expect(run(press, { type: 'interrupt' }, look(HOLD_FOR))).toBe('aborted')
  })

  it('bears a trembling finger, and what other fingers do elsewhere', () => {
    expect(run(press, { type: 'move', by: '1', x: 124, y: 132 }, look(HOLD_FOR))).toBe('done')
    expect(run(press, { type: 'release', by: '2' }, { type: 'move', by: '2', x: 0, y: 0 }, look(HOLD_FOR))).toBe('done')
  })

  it('begins anew after each end, and key repetition does not begin it anew', () => {
    expect(run(press, { type: 'release', by: '1' }, press, look(HOLD_FOR))).toBe('done')
    expect(run(press, { ...press, at: 2_000 } as Touch, look(HOLD_FOR))).toBe('done')
  })

  it('rests after it was done, and only then', () => {
    expect(run(press, look(HOLD_FOR), { type: 'rest' })).toBe('idle')
    expect(run(press, { type: 'rest' }, look(HOLD_FOR))).toBe('done')
  })

  it('tells how far it is', () => {
    const holding = held({ is: 'idle' }, press)
    expect([progress(holding, 1_000), progress(holding, 1_750), progress(holding, 9_000), progress({ is: 'aborted' }, 0)]).toEqual([0, 0.5, 1, 0])
    expect(progress({ is: 'done' }, 0)).toBe(1)
  })
})
