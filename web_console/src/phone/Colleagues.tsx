/** Alarms of others: what a colleague can say to each. Closing them is done at the console. */
import { able, askedAgain } from '../alarms/able'
import { FailureLine } from '../alarms/FailureLine'
import { KindIcon } from '../alarms/KindIcon'
import { StageTag } from '../alarms/StageTag'
import { classOf, comingLine, helperLine, kindWord } from '../alarms/words'
import { Age } from '../live/Clocks'
import type { Alarm, Verb } from '../live/contract'
import { store } from '../live/store'
import type { Actions } from '../live/useActions'
import { usePlaces } from '../session/useOrganisation'
import { useT } from '../texts/useT'
import { Action, Button, Tag } from '../ui'

interface Props {
  alarms: readonly Alarm[]
  me: string
  usable: boolean
  actions: Actions
  /** A button at his own desk was pressed by mistake. */
  onTake(id: string): void
}

export function Colleagues({ alarms, me, usable, actions, onTake }: Props) {
  const t = useT()
  return (
    <section className="colleagues" aria-label={t('phone.alarms')} data-testid="colleagues">
      <h2>
        {t('phone.alarms')} {alarms.length > 0 && <span className="quiet">{alarms.length}</span>}
      </h2>
      {alarms.length === 0 && <p className="quiet">{t('phone.no_alarms')}</p>}
      <ul>
        {alarms.map((alarm) => (
          <Asked key={alarm.id} alarm={alarm} me={me} usable={usable} actions={actions} onTake={onTake} />
        ))}
      </ul>
    </section>
  )
}

function Asked({ alarm, me, usable, actions, onTake }: Omit<Props, 'alarms'> & { alarm: Alarm }) {
  const t = useT()
  const places = usePlaces()
  const place = places.of(alarm)
  const can = able(alarm, me)
  const mine = alarm.responders.find((r) => r.person === me)?.state
  const verbs: Verb[] = mine === 'en_route' ? ['arrived', 'decline'] : ['acknowledge', 'en_route', 'decline']
  if (mine === 'en_route' && askedAgain(alarm, me)) verbs.unshift('acknowledge')
  const first = verbs.find((verb) => can[verb])
  const failed = actions.failed(alarm.id)
  const coming = comingLine(t, alarm, (person) => places.person(person))
  const helper = helperLine(t, alarm, places, store.view.live.alarms)
  return (
    <li className="asked" data-alarm={alarm.id} data-state={alarm.state} data-class={classOf(alarm)}>
      <div className="asked-head">
        <span className="asked-icon">
          <KindIcon kind={alarm.kind} />
        </span>
        <strong>{place.name}</strong>
        <Age since={alarm.opened_at} />
      </div>
      <p className="quiet">{[kindWord(t, alarm.kind), place.zone?.floor, place.site?.name].filter(Boolean).join(' · ')}</p>
      {helper && <p>{helper}</p>}
      {place.zone?.way && <p>{place.zone.way}</p>}
      <div className="asked-tags">
        {alarm.coerced && (
          <Tag tone="danger" look="strong">
            {t('coerced.tag')}
          </Tag>
        )}
        {alarm.drill && (
          <Tag tone="drill" look="strong">
            {t('drill.tag')}
          </Tag>
        )}
        <StageTag alarm={alarm} />
        {coming && <span className="quiet">{coming}</span>}
      </div>
      <div className="asked-acts">
        {verbs.map((verb) => (
          <Action
            key={verb}
            look={verb === first ? 'primary' : 'secondary'}
            tone={verb === 'acknowledge' && verb === first ? 'danger' : 'neutral'}
            size="medium"
            possible={usable && can[verb]}
            sending={actions.of(alarm.id, verb)?.is === 'sending' ? t('act.sending') : undefined}
            data-testid={`act-${verb}`}
            onAct={() => void actions.run(alarm.id, verb)}
          >
            {t(`act.${verb}`)}
          </Action>
        ))}
      </div>
      {alarm.device && places.sits(me, alarm) && (
        <Button look="tertiary" onClick={() => onTake(alarm.id)} data-testid="mistake">
          {t('phone.mistake')}
        </Button>
      )}
      {failed && <FailureLine alarm={alarm} failure={failed.failure} action={t(`act.${failed.verb}`)} />}
    </li>
  )
}
