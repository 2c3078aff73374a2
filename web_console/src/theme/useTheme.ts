/** Light or dark, chosen per page and browser; until then what the page prefers. */
import { useCallback, useState } from 'react'
import { recall, remember } from './remembered'

export type Theme = 'light' | 'dark'

export interface ThemeChoice {
  theme: Theme
  choose(theme: Theme): void
}

/** `page` keeps the console's choice apart from the phone's. */
export function useTheme(page: 'console' | 'phone'): ThemeChoice {
  const name = `theme.${page}`
  const [theme, setTheme] = useState<Theme>(() => known(recall(name)) ?? usual(page))
  const choose = useCallback(
    (wanted: Theme) => {
      remember(name, wanted)
      setTheme(wanted)
    },
    [name],
  )
  return { theme, choose }
}

function known(value: string | null): Theme | null {
  return value === 'light' || value === 'dark' ? value : null
}

function usual(page: 'console' | 'phone'): Theme {
  // A phone that lights up a dark room is noticed.
  if (page === 'phone') return 'dark'
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}
