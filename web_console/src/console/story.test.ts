import { describe, expect, it } from 'vitest'
import type { AlarmEvent } from '../live/contract'
import { Places } from '../session/places'
import { LANGUAGES, translator } from '../texts/t'
import { reasonOf, sentence } from './story'

const KINDS = ['raised', 'joined', 'upgraded', 'step_due', 'notified', 'receipt', 'acknowledged', 'en_route', 'arrived', 'declined', 'lapsed',
  'escalated', 'attended', 'noted', 'resolved', 'cancelled'] as const
const REASONS = ['step_is_due', 'new_round', 'last_step_again', 'nobody_reached', 'kept_inside', 'asked_for_more', 'pressed_again', 'needs_help', 'not_arrived',
  'too_few_there', 'not_accepted', 'not_delivered', 'attempt_failed', 'try_again', 'not_told_yet', 'every_way_failed', 'ended', 'upgraded', 'duress_pin']
const DATA = {
  kind: 'panic', note: null, fault: null, step: 2, round: 1, tell: ['ola'], person: 'ola', people: ['ola'], purpose: 'step', channel: 'sms',
  state: 'delivered', reason: 'new_round', text: 'seen', outcome: 'real',
}
const places = new Places(null)
const happened = (kind: AlarmEvent['kind'], data: object = {}): AlarmEvent =>
  ({ position: 1, alarm: 'a', kind, at: '', by: { system: 'alarmd' }, state: 'raised', site: null, data: { ...DATA, ...data } }) as unknown as AlarmEvent

describe.each(LANGUAGES)('in %s', (language) => {
  const t = translator(language)

  it('every kind of event is a sentence of its own', () => {
    const said = KINDS.map((kind) => sentence(t, places, happened(kind)))
    expect(new Set(said).size).toBe(KINDS.length)
    for (const words of said) expect(words).not.toMatch(/[{}_]/)
  })

  it('every reason is told in words', () => {
    for (const reason of REASONS) expect(t.word('reason', reason)).not.toBe(reason)
  })
})

describe('the reason', () => {
  const t = translator('en')
  const told = (kind: AlarmEvent['kind'], data: object = {}) => [sentence(t, places, happened(kind, data)), reasonOf(t, happened(kind, data))]

  it('stands with what alarmd did, where the sentence does not say it', () => {
    expect(told('step_due', { reason: 'step_is_due' })).toEqual(['Step 2: notifying ola', null])
    expect(told('step_due', { round: 3 })).toEqual(['Step 2, round 3: notifying ola', '(a new round)'])
    expect(told('step_due', { round: 3, late: 12.5 })).toEqual(['Step 2, round 3: notifying ola', '(a new round, 12.5 s late)'])
    expect(told('step_due', { reason: 'step_is_due', late: 3 })).toEqual(['Step 2: notifying ola', '(3 s late)'])
    expect(told('joined', { reason: 'pressed_again', note: 'knife' })[1]).toBe('“knife” (somebody pressed again, so notifying goes on)')
    expect(told('joined', { reason: undefined })[1]).toBeNull()
    expect(told('notified', { reason: 'not_delivered' })[1]).toBe('(not delivered in time)')
    expect(told('notified', { purpose: 'all_clear', reason: 'ended' })).toEqual(['Sending the all-clear to ola', null])
    expect(told('lapsed', { reason: 'not_arrived' })[1]).toBeNull()
  })

  it('tells a step that an exercise keeps inside from one that reached nobody', () => {
    expect(told('escalated', { reason: 'kept_inside' })[0]).toMatch(/^Step 2: only for those outside/)
  })

  it('tells a step that reached nobody from a call for more', () => {
    expect(told('escalated', { reason: 'nobody_reached' })).toEqual(['Step 2: reached nobody', null])
    expect(told('escalated', { reason: 'every_way_failed' })).toEqual(['Step 2: nobody could be reached, so the next step follows at once', null])
    expect(told('escalated', { reason: 'asked_for_more' })[0]).toBe('Notifying more now, asked by the system')
  })

  it('tells a code from a mouse click, and a duress code from an honest one', () => {
    expect(told('cancelled', { pin: true, reason: null })).toEqual(['Cancelled by the system, with a PIN', null])
    expect(told('upgraded', { pin: true, reason: 'slipped' })).toEqual(['DURESS CODE used by the system. There the alarm looks cancelled', '“slipped”'])
    expect(told('upgraded')).toEqual(['Upgraded to Panic alarm', null])
  })

  it('is what somebody wrote where he gave one', () => {
    expect(told('resolved', { reason: 'seen to' })[1]).toBe('“seen to”')
  })
})
