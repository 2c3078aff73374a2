import { describe, expect, it } from 'vitest'
import type { Alarm, AlarmEvent, Frame } from './contract'
import { CLOSED_FOR, merged, pruned, reduced, START, type LiveState } from './reducer'

const AT = '2026-11-23T12:41:07.000Z'
const KARI = { person: 'kari', name: 'Kari Berg', channel: 'console' }

function alarm(id: string, more: Partial<Alarm> = {}): Alarm {
  return {
    id, state: 'raised', kind: 'panic', site: 'f', zone: 'f/r', device: 'desk', drill: false, opened_at: AT, changed_at: AT,
    presses: 1, version: 1, needed: 1, responders: [], next: null, outcome: null, by: { device: 'desk' }, note: null, cause: null, linked: null, coerced: false,
    ...more,
  }
}

const raising = {
  signal: 's', ref: null, device: 'desk', zone: 'f/r', kind: 'panic', note: null, pressed_at: null, drill: false, sounds: true,
  fault: null, next: { at: AT, step: 1, round: 1 },
}

function event(position: number, kind: AlarmEvent['kind'], data: object = {}, more: Partial<AlarmEvent> = {}): AlarmEvent {
  const whole = { position, alarm: 'a', kind, at: AT, by: KARI, state: 'raised', site: 'f', data, ...more }
  return whole as AlarmEvent
}

const events = (...list: AlarmEvent[]): Frame => ({ type: 'events', position: list.at(-1)?.position ?? 0, events: list })
const snapshot = (position: number, ...alarms: Alarm[]): Frame => ({ type: 'snapshot', position, alarms })
const hello = (position: number): Frame => ({ type: 'hello', position, node: 'n', time: AT })
const run = (state: LiveState, ...frames: Frame[]): LiveState => frames.reduce(reduced, state)
const began = (...alarms: Alarm[]) => run(START, hello(10), snapshot(10, ...alarms))

describe('snapshot', () => {
  it('is where knowledge begins: before it nothing counts', () => {
    expect(run(START, hello(10), events(event(11, 'raised', raising)), { type: 'beat', position: 12, time: AT })).toEqual(START)
    expect(began(alarm('a')).position).toBe(10)
  })

  it('replaces what was open, also with a lower position after a restore', () => {
    const after = run(began(alarm('a'), alarm('b')), hello(4), snapshot(4, alarm('c')))
    expect([...after.alarms.keys()]).toEqual(['c'])
    expect(after).toMatchObject({ position: 4, missed: 0 })
  })

  it('keeps what ended here within the hour', () => {
    const ended = run(began(alarm('a')), events(event(11, 'cancelled', { reason: 'x' }, { state: 'cancelled' })))
    expect(run(ended, snapshot(20, alarm('b'))).alarms.get('a')?.state).toBe('cancelled')
  })
})

describe('events', () => {
  it('open an alarm', () => {
    const after = run(began(), events(event(11, 'raised', raising)))
    expect(after.alarms.get('a')).toMatchObject({ state: 'raised', zone: 'f/r', presses: 1, next: { step: 1 } })
  })

  it('of somebody who comes and presses himself make him count no longer', () => {
    const answer = event(11, 'en_route', { person: 'kari', counts: true, arrive_by: AT, next: null }, { state: 'acknowledged' })
    const after = run(began(alarm('a')), events(answer, event(12, 'joined', raising)))
    expect(after.alarms.get('a')?.responders).toMatchObject([{ person: 'kari', state: 'en_route', counts: false, arrive_by: null }])
  })

  it('count once, however often they come', () => {
    const joined = event(11, 'joined', raising)
    const once = run(began(alarm('a')), events(joined))
    expect(once.alarms.get('a')?.presses).toBe(2)
    expect(run(once, events(joined), events(joined, event(12, 'joined', raising))).alarms.get('a')?.presses).toBe(3)
  })

  it('may leave a gap, and the position follows the frame', () => {
    const after = run(began(alarm('a')), { type: 'events', position: 40, events: [event(20, 'joined', raising)] })
    expect(after.position).toBe(40)
    expect(run(after, events(event(30, 'joined', raising))).alarms.get('a')?.presses).toBe(2)
    expect(run(after, { type: 'events', position: 50, events: [] }).position).toBe(50)
  })

  it('never move the position back', () => {
    expect(run(began(), { type: 'beat', position: 3, time: AT }).position).toBe(10)
  })

  it('knows what is wrong with the node until it says no more of it', () => {
    const store = { cause: 'store', text: 'away', since: AT }
    const sick = run(began(), { type: 'beat', position: 10, time: AT, unwell: [store] })
    expect(sick.unwell).toEqual([store])
    expect(run(sick, { type: 'beat', position: 10, time: AT, unwell: [{ ...store }] })).toBe(sick)
    expect(run(sick, events(event(11, 'raised', raising))).unwell).toEqual([store])
    expect(run(sick, hello(10)).unwell).toEqual([])
    expect(run(sick, { type: 'snapshot', position: 10, alarms: [] }).unwell).toEqual([store])
  })

  it('knows how many consoles there are, and draws nothing while that is the same', () => {
    const consoles = { open: 3, armed: 2, complete: true }
    const told = run(began(), { type: 'beat', position: 10, time: AT, consoles })
    expect(told.consoles).toEqual(consoles)
    expect(run(told, { type: 'beat', position: 10, time: AT, consoles: { ...consoles } })).toBe(told)
    expect(run(told, { type: 'beat', position: 10, time: AT, consoles: { ...consoles, complete: false } }).consoles?.complete).toBe(false)
    expect(run(told, hello(10)).consoles).toBeNull()
  })

  it('of an open alarm that we never saw make us ask for it, of an ended one do not', () => {
    const after = run(
      began(),
      events(event(11, 'joined', raising, { alarm: 'x' }), event(12, 'noted', { text: 'n' }, { alarm: 'y', state: 'resolved' })),
    )
    expect([...after.unknown]).toEqual(['x'])
    expect(merged(after, [alarm('x')]).unknown.size).toBe(0)
  })

  it('of a kind from a newer server take the state along and break nothing', () => {
    const after = run(began(alarm('a')), events(event(11, 'teleported' as AlarmEvent['kind'], {}, { state: 'acknowledged' })))
    expect(after.alarms.get('a')?.state).toBe('acknowledged')
  })

  it('do not touch the state they are applied to', () => {
    const before = began(alarm('a'))
    run(before, events(event(11, 'joined', raising)))
    expect(before.alarms.get('a')?.presses).toBe(1)
  })
})

describe('the life of an alarm', () => {
  const answer = (person: string, next: object | null = null) => ({ person, counts: true, arrive_by: AT, next })

  it('gathers those who come, one line a person', () => {
    const after = run(
      began(alarm('a')),
      events(
        event(11, 'acknowledged', answer('kari'), { state: 'acknowledged' }),
        event(12, 'en_route', answer('kari'), { state: 'acknowledged' }),
        event(13, 'declined', answer('ola'), { state: 'acknowledged' }),
      ),
    )
    expect(after.alarms.get('a')?.responders.map((r) => [r.person, r.state])).toEqual([
      ['kari', 'en_route'],
      ['ola', 'declined'],
    ])
  })

  it('keeps the place in the chain while its clock stands', () => {
    const stands = { at: null, step: 2, round: 1 }
    const after = run(began(alarm('a')), events(event(11, 'acknowledged', answer('kari', stands), { state: 'acknowledged' })))
    expect(after.alarms.get('a')?.next).toEqual(stands)
  })

  it('loses those whose acknowledgement lapsed and takes up its clock', () => {
    const next = { at: AT, step: 2, round: 1 }
    const after = run(
      began(alarm('a')),
      events(
        event(11, 'acknowledged', answer('kari'), { state: 'acknowledged' }),
        event(12, 'lapsed', { people: ['kari'], reason: 'late', next }),
      ),
    )
    expect(after.alarms.get('a')).toMatchObject({ state: 'raised', responders: [], next })
  })

  it('goes on under duress, a drill no longer, without those to whom it is said to be over', () => {
    const answered = (person: string) => ({ person, state: 'en_route' as const, at: AT, counts: true, arrive_by: AT })
    const data = { ...raising, kind: 'duress', needed: 1, counts: ['ola'], arrive_by: { ola: AT }, pin: true, over_for: ['kari'] }
    const after = run(
      began(alarm('a', { drill: true, responders: [answered('kari'), answered('ola')] })),
      events(event(11, 'upgraded', data)),
    )
    expect(after.alarms.get('a')).toMatchObject({ kind: 'duress', drill: false, coerced: true, responders: [answered('ola')] })
  })

  it('is asked for anew when it was over for us and goes on', () => {
    const after = run(began(alarm('a', { state: 'cancelled' })), events(event(11, 'step_due', { step: 2, round: 1, tell: [], next: null })))
    expect(after.alarms.get('a')?.state).toBe('cancelled')
    expect([...after.unknown]).toEqual(['a'])
    expect(merged(after, [alarm('a', { coerced: true, changed_at: '2026-11-23T12:42:00.000Z' })]).alarms.get('a')?.coerced).toBe(true)
    const noted = run(began(alarm('a', { state: 'cancelled' })), events(event(11, 'noted', { text: 'x' }, { state: 'cancelled' })))
    expect(noted.unknown.size).toBe(0)
  })

  it('counts those who answered anew when it grows stronger', () => {
    const after = run(
      began(alarm('a', { kind: 'assist' })),
      events(
        event(11, 'acknowledged', answer('kari'), { state: 'acknowledged' }),
        event(12, 'acknowledged', answer('ola'), { state: 'acknowledged' }),
        event(13, 'upgraded', { ...raising, kind: 'duress', needed: 2, counts: ['ola'], arrive_by: { ola: AT }, next: null }),
      ),
    )
    expect(after.alarms.get('a')?.responders).toMatchObject([
      { person: 'kari', counts: false, arrive_by: null },
      { person: 'ola', counts: true, arrive_by: AT },
    ])
  })

  it('follows the steps, grows stronger, and ends', () => {
    const after = run(
      began(alarm('a', { kind: 'assist' })),
      events(
        event(11, 'step_due', { step: 1, round: 1, reason: 'due', tell: [], next: { at: AT, step: 2, round: 1 } }),
        event(12, 'upgraded', { ...raising, kind: 'panic', needed: 2, counts: ['kari'], next: null }),
        event(13, 'escalated', { reason: 'asked', step: 2, next: { at: AT, step: 3, round: 1 } }),
        event(14, 'receipt', {}),
        event(15, 'arrived', answer('kari'), { state: 'acknowledged' }),
        event(16, 'attended', {}, { state: 'attended' }),
      ),
    )
    expect(after.alarms.get('a')).toMatchObject({ kind: 'panic', presses: 2, needed: 2, state: 'attended' })
    expect(after.alarms.get('a')?.responders.map((r) => r.person)).toEqual(['kari'])
    const ended = run(after, events(event(17, 'resolved', { outcome: 'real', reason: null }, { state: 'resolved' })))
    expect(ended.alarms.get('a')).toMatchObject({ state: 'resolved', outcome: 'real' })
  })
})

describe('reconnecting', () => {
  it('tells how many events were missed, when all of them are here', () => {
    const greeted = run(began(alarm('a')), hello(13))
    expect(greeted.missed).toBeNull()
    const half = run(greeted, events(event(11, 'joined', raising)))
    expect(half.missed).toBeNull()
    const whole = run(half, events(event(12, 'joined', raising), event(13, 'joined', raising)))
    expect(whole).toMatchObject({ missed: 3, catchUp: null, position: 13 })
  })

  it('tells nought when nothing happened, and counts only what one may see', () => {
    expect(run(began(), hello(10)).missed).toBe(0)
    expect(run(began(), hello(15), { type: 'beat', position: 15, time: AT }).missed).toBe(0)
  })

  it('with a snapshot instead tells how far the log went', () => {
    expect(run(began(), hello(15), snapshot(15)).missed).toBe(5)
  })
})

describe('answers over HTTP', () => {
  it('are taken when they are newer, without counting presses twice', () => {
    const later = '2026-11-23T12:41:08.000Z'
    const told = merged(began(alarm('a')), [alarm('a', { state: 'acknowledged', changed_at: later, presses: 2 })])
    expect(told.alarms.get('a')).toMatchObject({ state: 'acknowledged', presses: 1 })
    expect(merged(told, [alarm('a')]).alarms.get('a')?.state).toBe('acknowledged')
  })
})

describe('pruned', () => {
  it('drops what ended an hour ago, never what is open', () => {
    const state = began(alarm('a'), alarm('b', { state: 'resolved' }))
    const now = Date.parse(AT) + CLOSED_FOR
    expect(pruned(state, now)).toBe(state)
    expect([...pruned(state, now + 1).alarms.keys()]).toEqual(['a'])
  })
})

describe('a storm', () => {
  it('of 2,000 alarms in frames of 50 loses and doubles none', () => {
    let state = began()
    for (let at = 11; at < 2_011; at += 50) {
      const frame = events(...Array.from({ length: 50 }, (_, i) => event(at + i, 'raised', raising, { alarm: `a${at + i}` })))
      state = run(state, frame, frame)
    }
    expect(state.alarms.size).toBe(2_000)
    expect(state.position).toBe(2_010)
    expect([...state.alarms.values()].every((a) => a.presses === 1)).toBe(true)
  })
})
