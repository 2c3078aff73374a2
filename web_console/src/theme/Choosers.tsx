/** Language and theme, side by side. */
import { LANGUAGES } from '../texts/t'
import { useTexts } from '../texts/useT'
import type { ThemeChoice } from './useTheme'
import { Moon, Segmented, Sun } from '../ui'
import './choosers.css'

const NAMES = { nb: 'Bokmål', nn: 'Nynorsk', en: 'English' } as const

export function Choosers({ theme }: { theme: ThemeChoice }) {
  const { t, choose } = useTexts()
  return (
    <div className="choosers">
      <Segmented
        label={t('language.label')}
        value={t.language}
        options={LANGUAGES.map((value) => ({ value, shown: value, named: NAMES[value] }))}
        onValue={choose}
      />
      <Segmented
        label={t('theme.label')}
        value={theme.theme}
        options={[
          { value: 'light', shown: <Sun />, named: t('theme.light') },
          { value: 'dark', shown: <Moon />, named: t('theme.dark') },
        ]}
        onValue={theme.choose}
      />
    </div>
  )
}
