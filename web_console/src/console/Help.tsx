/** The keys, and the switch that turns them off for those who are hindered by them. */
import type { Key } from '../texts/t'
import { useT } from '../texts/useT'
import { Button, Switch } from '../ui'

const KEYS: readonly [string, Key][] = [
  ['↑ ↓', 'help.choose'],
  ['K', 'act.acknowledge'],
  ['V', 'act.en_route'],
  ['F', 'act.arrived'],
  ['A', 'act.resolve'],
  ['E', 'act.escalate'],
  ['N', 'act.note'],
  ['M', 'help.pause'],
  ['T', 'help.test'],
  ['?', 'help.help'],
  ['Esc', 'help.escape'],
]

interface Props {
  keysOn: boolean
  onKeys(on: boolean): void
  onClose(): void
}

export function Help({ keysOn, onKeys, onClose }: Props) {
  const t = useT()
  return (
    <section className="card help" aria-label={t('help.title')} data-testid="help">
      <header className="card-head">
        <h2>{t('help.title')}</h2>
        <Button look="tertiary" onClick={onClose}>
          {t('close')}
        </Button>
      </header>
      <dl className="help-keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">{t('help.typing')}</p>
      <Switch on={keysOn} onSwitch={onKeys} data-testid="keys-on">
        {t('help.enabled')}
      </Switch>
    </section>
  )
}
