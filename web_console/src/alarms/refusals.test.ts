import { describe, expect, it } from 'vitest'
import { TEXTS } from '../texts/t'
import { pressRefused, refused } from './refusals'

describe('what the server refused', () => {
  it('is told by its status', () => {
    expect([404, 413, 422, 400].map(refused)).toEqual(['fail.gone', 'fail.unusable', 'fail.unusable', 'fail.refused'])
  })

  it('is told to whoever pressed as what he can mend', () => {
    expect(pressRefused({ why: 'refused', status: 404 })).toBe('phone.no_place')
    expect(pressRefused({ why: 'refused', status: 422 })).toBe('fail.refused')
    expect(pressRefused({ why: 'signed_out' })).toBe('fail.signed_out')
    expect(pressRefused({ why: 'forbidden' })).toBe('fail.forbidden')
    expect(pressRefused({ why: 'no_answer' })).toBeNull()
    expect(pressRefused({ why: 'trouble', status: 503 })).toBeNull()
  })

  it("has no place in any text for the server's own words", () => {
    for (const text of Object.values(TEXTS).flatMap((texts) => Object.values(texts))) expect(text).not.toContain('{detail}')
  })
})
