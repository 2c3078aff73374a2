import { describe, expect, it } from 'vitest'
import { LANGUAGES, preferred, TEXTS, translator, type Key } from './t'

const keys = (language: 'nb' | 'nn' | 'en') => Object.keys(TEXTS[language])
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

describe('the three languages', () => {
  it('have the same keys in the same order', () => {
    expect(keys('nn')).toEqual(keys('nb'))
    expect(keys('en')).toEqual(keys('nb'))
  })

  it('have the same placeholders in every text, and no empty text', () => {
    for (const key of keys('nb') as Key[]) {
      for (const language of LANGUAGES) {
        expect(placeholders(TEXTS[language][key]), `${language} ${key}`).toEqual(placeholders(TEXTS.nb[key]))
        expect(TEXTS[language][key].trim(), `${language} ${key}`).not.toBe('')
      }
    }
  })

  it('have both forms of every counted text', () => {
    const ones = keys('nb').filter((key) => key.endsWith('_one'))
    for (const key of ones) expect(keys('nb')).toContain(key.replace(/_one$/, '_other'))
  })

  it('keep bokmål out of the nynorsk', () => {
    const bokmaal = /(?<!\p{L})(ikke|jeg|hva|hvor|hvem|noe|fra|mer|flere|vei|fremme|nå)(?!\p{L})/iu
    for (const [key, text] of Object.entries(TEXTS.nn)) expect(text, key).not.toMatch(bokmaal)
  })
})

describe('t', () => {
  const t = translator('nn')

  it('fills in the values and leaves what is not given', () => {
    expect(t('event.acknowledged', { who: 'Kari' })).toBe('Kvittert av Kari')
    expect(t('event.acknowledged')).toBe('Kvittert av {who}')
  })

  it('does not fill in what a value itself contains', () => {
    expect(t('event.noted', { who: '{text}', text: 'x' })).toBe('Notat frå {text}: x')
  })

  it('counts', () => {
    expect(t.count('connection.back', 1)).toBe('Tilkopla igjen, 1 ny hending')
    expect(t.count('connection.back', 2)).toBe('Tilkopla igjen, 2 nye hendingar')
  })

  it("shows the server's words, also one that it does not know", () => {
    expect(t.word('channel', 'voice')).toBe('oppringing')
    expect(t.word('channel', 'carrier_pigeon')).toBe('carrier_pigeon')
    expect(t.word('channel', 'toString')).toBe('toString')
  })
})

describe('preferred', () => {
  it('takes what was chosen, then the wishes, then nb', () => {
    expect(preferred('en', 'nn')).toBe('en')
    expect(preferred(null, 'nn-NO', 'en')).toBe('nn')
    expect(preferred('sv', 'no')).toBe('nb')
    expect(preferred(null, 'de', 'en-GB')).toBe('en')
    expect(preferred(null, 'de')).toBe('nb')
  })
})
