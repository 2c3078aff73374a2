/**
 * PURE. The words on the screens: one key, one text in each language, placeholders `{name}` in single braces. Every
 * key is known to the compiler; what the server names (a channel, a state) is looked up with a way out, because a newer
 * server may know words that this page does not.
 */
import en from '../../../alarmd/wording/screens/en.json'
import nb from '../../../alarmd/wording/screens/nb.json'
import nn from '../../../alarmd/wording/screens/nn.json'

export const LANGUAGES = ['nb', 'nn', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
export type Key = keyof typeof nb
export type Values = Readonly<Record<string, string | number>>

/** The stem of keys that come as `stem_one` and `stem_other`. */
export type CountKey = Key extends infer K ? (K extends `${infer Stem}_one` ? Stem : never) : never

export const TEXTS: Record<Language, Record<Key, string>> = { nb, nn, en }

export interface T {
  (key: Key, values?: Values): string
  /** By number: `{n}` is filled in. The three languages know one and other only. */
  count(stem: CountKey, n: number, values?: Values): string
  /** A word of the server's under a prefix, for instance `channel` and `sms`; unknown words are shown as they are. */
  word(prefix: string, word: string): string
  readonly language: Language
}

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value)
}

export function translator(language: Language): T {
  const texts = TEXTS[language]
  const t = (key: Key, values: Values = {}): string => filled(texts[key], values)
  return Object.assign(t, {
    count: (stem: CountKey, n: number, values: Values = {}): string =>
      t(`${stem}_${n === 1 ? 'one' : 'other'}`, { ...values, n }),
    word: (prefix: string, word: string): string => {
      const key = `${prefix}.${word}`
      return isKey(key) ? texts[key] : word
    },
    language,
  })
}

/** The language to begin with: what was chosen here, else what the person has, else what the browser asks for. */
export function preferred(chosen: string | null, ...wishes: readonly (string | undefined)[]): Language {
  if (isLanguage(chosen)) return chosen
  for (const wish of wishes) {
    const short = wish?.toLowerCase().split('-')[0] ?? ''
    if (short === 'no') return 'nb'
    if (isLanguage(short)) return short
  }
  return 'nb'
}

function isKey(key: string): key is Key {
  return Object.hasOwn(nb, key)
}

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
