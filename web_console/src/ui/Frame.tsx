/** The outermost element of a page: theme, language of the design system's own texts, and the ground. */
import { Provider } from '@navikt/ds-react/Provider'
import { Theme } from '@navikt/ds-react/Theme'
import { en, nb, nn } from '@navikt/ds-react/locales'
import type { ReactNode } from 'react'
import type { Language } from '../texts/t'
import type { Theme as Light } from '../theme/useTheme'

const LOCALES = { nb, nn, en }

interface Props {
  theme: Light
  language: Language
  className: string
  children: ReactNode
}

export function Frame({ theme, language, className, children }: Props) {
  return (
    <Theme theme={theme} className={`page ${className}`}>
      <Provider locale={LOCALES[language]}>{children}</Provider>
    </Theme>
  )
}
