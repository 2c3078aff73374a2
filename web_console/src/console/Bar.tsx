/** The bar on top: what one must be able to see at any time (connection, sound, time, who), and the few settings. */
import { WallClock } from '../live/Clocks'
import type { Session } from '../live/contract'
import { ConnectionPill } from '../alarms/ConnectionPill'
import { usePlaces } from '../session/useOrganisation'
import { useT } from '../texts/useT'
import type { ThemeChoice } from '../theme/useTheme'
import { Button, Leave, Question } from '../ui'
import { Choosers } from '../theme/Choosers'
import type { Sound } from './Desk'
import { ConsoleCount } from './ConsoleCount'
import { SoundPill } from './SoundPill'
import './bar.css'

interface Props {
  session: Session
  theme: ThemeChoice
  sound: Sound
  help: boolean
  onHelp(): void
  onLeave(): void
}

export function Bar({ session, theme, sound, help, onHelp, onLeave }: Props) {
  const t = useT()
  const { timeZone, organisation } = usePlaces()
  return (
    <header className="bar">
      <h1 className="bar-name">
        {t('app.console')}
        {organisation && <span className="bar-office">{organisation.name}</span>}
      </h1>
      <ConnectionPill />
      <SoundPill sound={sound} />
      <ConsoleCount />
      <span className="bar-clock">
        <WallClock zone={timeZone} />
      </span>
      <span className="bar-gap" />
      <Choosers theme={theme} />
      <Button look="tertiary" icon={<Question />} aria-expanded={help} aria-label={t('help.open')} title={t('help.open')} onClick={onHelp} />
      <span className="bar-who">{session.name}</span>
      <Button look="tertiary" icon={<Leave />} aria-label={t('signin.out')} title={t('signin.out')} onClick={onLeave} data-testid="sign-out" />
    </header>
  )
}
