import { describe, expect, it } from 'vitest'
import type { Alarm, ResponderState } from './contract'
import { sections, shortened, stage, suggested, technical } from './order'

function alarm(id: string, seconds: number, more: Partial<Alarm> = {}): Alarm {
  const at = new Date(Date.UTC(2026, 10, 23, 12, 0, seconds)).toISOString()
  return {
    id, state: 'raised', kind: 'panic', site: 'f', zone: 'f/r', device: null, drill: false, opened_at: at, changed_at: at, presses: 1,
    version: 1, needed: 1, responders: [], next: null, outcome: null, by: null, note: null, cause: null, linked: null, coerced: false, ...more,
  }
}

const by = (state: ResponderState): Partial<Alarm> => ({
  state: 'acknowledged',
  responders: [{ person: 'kari', state, at: '', counts: true, arrive_by: null }],
})
const ids = (list: Alarm[]) => list.map((a) => a.id)
const order = (list: Alarm[]) => sections(list).flatMap((s) => ids(s.alarms))

describe('stage', () => {
  it('follows the furthest of those who come, and the state above all', () => {
    expect(stage(alarm('a', 0))).toBe('unanswered')
    expect(stage(alarm('a', 0, by('acknowledged')))).toBe('answered')
    expect(stage(alarm('a', 0, by('en_route')))).toBe('on_way')
    expect(stage(alarm('a', 0, by('arrived')))).toBe('arrived')
    expect(stage(alarm('a', 0, { ...by('en_route'), state: 'raised' }))).toBe('unanswered')
    expect(stage(alarm('a', 0, { state: 'cancelled' }))).toBe('closed')
  })
})

describe('the list', () => {
  it('puts the unanswered first, who waits longest on top, drills below real ones', () => {
    const list = [
      alarm('new', 9), alarm('old', 1), alarm('drill', 0, { drill: true }), alarm('done', 0, { state: 'resolved' }),
      alarm('coming', 0, by('en_route')), alarm('seen', 5, by('acknowledged')), alarm('fault', 0, { kind: 'technical' }),
    ]
    expect(order(list)).toEqual(['old', 'new', 'drill', 'seen', 'coming', 'done'])
    expect(ids(technical(list))).toEqual(['fault'])
  })

  it('puts the alarm of a helper who needs help himself on top of its group, and suggests it', () => {
    const list = [alarm('old', 1), alarm('helper', 5, { linked: 'old' }), alarm('new', 9), alarm('coming', 0, by('en_route'))]
    expect(order(list)).toEqual(['helper', 'old', 'new', 'coming'])
    expect(suggested(sections(list))).toBe('helper')
    expect(order([...list, alarm('second', 7, { ...by('en_route'), linked: 'old' })])).toEqual(['helper', 'old', 'new', 'second', 'coming'])
  })

  it('does not move the rows that are there when a new one comes', () => {
    const list = [alarm('a', 1), alarm('b', 1), alarm('c', 3)]
    expect(order([...list, alarm('d', 4)])).toEqual([...order(list), 'd'])
    expect(order(list.toReversed())).toEqual(order(list))
  })

  it('draws at most so many rows and says how many it left out', () => {
    const list = sections(Array.from({ length: 130 }, (_, i) => alarm(String(i).padStart(3, '0'), i, i < 60 ? {} : by('arrived'))))
    const { shown, left } = shortened(list)
    expect(shown.map((s) => s.alarms.length)).toEqual([60, 40])
    expect(shown.map((s) => s.total)).toEqual([60, 70])
    expect(left).toBe(30)
  })

  it('suggests the newest unanswered, a real one before a drill', () => {
    expect(suggested(sections([alarm('a', 1), alarm('b', 2), alarm('c', 3, { drill: true }), alarm('d', 0, by('arrived'))]))).toBe('b')
    expect(suggested(sections([alarm('d', 0, by('arrived'))]))).toBe('d')
    expect(suggested(sections([alarm('e', 0, { state: 'resolved' })]))).toBeNull()
  })
})
