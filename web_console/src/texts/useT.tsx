/** The chosen language for the page and everything in it: kept in this browser, told to the document. */
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { recall, remember } from '../theme/remembered'
import { preferred, translator, type Language, type T } from './t'

interface Chosen {
  t: T
  choose(language: Language): void
  /** What the person has set at the server; gives way to what was chosen here. */
  suggest(language: string): void
}

const Context = createContext<Chosen | null>(null)

export function Texts({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => preferred(recall('language'), ...navigator.languages))
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const chosen = useMemo<Chosen>(
    () => ({
      t: translator(language),
      choose: (wanted) => {
        remember('language', wanted)
        setLanguage(wanted)
      },
      suggest: (wanted) => setLanguage(preferred(recall('language'), wanted)),
    }),
    [language],
  )
  return <Context value={chosen}>{children}</Context>
}

export function useTexts(): Chosen {
  const chosen = use(Context)
  if (!chosen) throw new Error('useTexts outside of <Texts>')
  return chosen
}

export function useT(): T {
  return useTexts().t
}
