/** What one can do. Only the next step is filled; red belongs to acknowledging alone. What failed is said right here. */
import type { Alarm, Verb } from '../live/contract'
import type { Actions } from '../live/useActions'
import { useT } from '../texts/useT'
import { Action } from '../ui'
import { able, nextStep, type Step } from '../alarms/able'
import { FailureLine } from '../alarms/FailureLine'
import type { PanelKind } from './Panel'

interface Props {
  alarm: Alarm
  me: string
  usable: boolean
  actions: Actions
  onPanel(kind: PanelKind): void
}

const KEYS: Partial<Record<Verb, string>> = { acknowledge: 'K', en_route: 'V', arrived: 'F', resolve: 'A', escalate: 'E', note: 'N' }
const STEPS: readonly Step[] = ['acknowledge', 'en_route', 'arrived', 'resolve']
const MORE: readonly Verb[] = ['escalate', 'decline', 'note', 'cancel']

export function ActionBar({ alarm, me, usable, actions, onPanel }: Props) {
  const t = useT()
  const can = able(alarm, me)
  const next = nextStep(alarm, me)
  const failed = actions.failed(alarm.id)

  const button = (verb: Verb, more: boolean) => {
    const key = KEYS[verb]
    const primary = verb === next
    const panel = verb === 'resolve' || verb === 'cancel' || verb === 'note'
    return (
      <Action
        key={verb}
        look={more ? 'tertiary' : primary ? 'primary' : 'secondary'}
        tone={primary && verb === 'acknowledge' ? 'danger' : 'neutral'}
        size={more ? 'small' : 'medium'}
        possible={usable && can[verb]}
        sending={actions.of(alarm.id, verb)?.is === 'sending' && !panel ? t('act.sending') : undefined}
        aria-keyshortcuts={key}
        title={key && t('act.key', { key })}
        data-testid={`act-${verb}`}
        onAct={() => (panel ? onPanel(verb) : void actions.run(alarm.id, verb))}
      >
        {t(`act.${verb}`)}
        {key && !more && (
          <kbd className="action-key" aria-hidden="true">
            {key}
          </kbd>
        )}
      </Action>
    )
  }

  return (
    <div className="acts">
      <div className="acts-main">{STEPS.map((verb) => button(verb, false))}</div>
      <div className="acts-more">{MORE.map((verb) => button(verb, true))}</div>
      {failed && !(['resolve', 'cancel', 'note'] as Verb[]).includes(failed.verb) && (
        <FailureLine alarm={alarm} failure={failed.failure} action={t(`act.${failed.verb}`)} />
      )}
    </div>
  )
}
