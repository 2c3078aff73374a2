import { describe, expect, it } from 'vitest'
import { clock, moment, span, until } from './time'

const AT = Date.parse('2026-03-29T01:30:05.250Z')

describe('times', () => {
  it('are told in the zone of the organisation, also across the change to summer time', () => {
    expect(clock(AT, 'Europe/Oslo')).toBe('03:30:05')
    expect(clock(AT - 3_600_000, 'Europe/Oslo')).toBe('01:30:05')
    expect(clock(Date.parse('2026-01-01T23:00:00Z'), 'Europe/Oslo')).toBe('00:00:00')
  })

  it('name the day when it is another', () => {
    expect(moment(AT, AT, 'Europe/Oslo')).toBe('03:30:05')
    expect(moment(AT, AT + 86_400_000, 'Europe/Oslo')).toBe('29.03. 03:30:05')
  })
})

describe('spans', () => {
  it('are short', () => {
    expect([span(0), span(47_900), span(725_000), span(3_723_000), span(-5)]).toEqual(['0:00', '0:47', '12:05', '1:02:03', '0:00'])
  })

  it('count down to nought only when the time has come', () => {
    expect([until(1_001), until(1_000), until(1), until(0), until(-1)]).toEqual(['0:02', '0:01', '0:01', '0:00', '0:00'])
  })
})
