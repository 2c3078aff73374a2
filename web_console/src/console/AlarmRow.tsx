/** One alarm in the list: where, what, for how long, and who comes. Drawn again only when the alarm itself changed. */
import { memo } from 'react'
import { Age } from '../live/Clocks'
import type { Alarm } from '../live/contract'
import { stage } from '../live/order'
import { usePlaces } from '../session/useOrganisation'
import { moment } from '../texts/time'
import { useT } from '../texts/useT'
import { store } from '../live/store'
import { Tag } from '../ui'
import { KindIcon } from '../alarms/KindIcon'
import { StageTag } from '../alarms/StageTag'
import { classOf, comingLine, helperLine, kindWord } from '../alarms/words'

interface Props {
  alarm: Alarm
  /** A real alarm while a drill runs: must be said. */
  real: boolean
  chosen: boolean
  onChoose(id: string): void
}

export const AlarmRow = memo(function AlarmRow({ alarm, real, chosen, onChoose }: Props) {
  const t = useT()
  const places = usePlaces()
  const place = places.of(alarm)
  const at = stage(alarm)
  const coming = comingLine(t, alarm, (person) => places.person(person))
  const helper = helperLine(t, alarm, places, store.view.live.alarms)
  return (
    <li>
      <button
        type="button"
        className="row"
        data-alarm={alarm.id}
        data-state={alarm.state}
        data-stage={at}
        data-class={classOf(alarm)}
        data-kind={alarm.kind}
        data-drill={alarm.drill || undefined}
        aria-current={chosen || undefined}
        onClick={() => onChoose(alarm.id)}
      >
        <span className="row-icon">
          <KindIcon kind={alarm.kind} />
        </span>
        <span className="row-where">
          <strong>{place.name}</strong>
          {place.zone?.floor && <span className="quiet"> · {place.zone.floor}</span>}
        </span>
        <span className="row-age">
          {at === 'closed' ? (
            <span className="clock">{moment(Date.parse(alarm.changed_at), store.now(), places.timeZone)}</span>
          ) : (
            <Age since={alarm.opened_at} />
          )}
        </span>
        <span className="row-what">
          {kindWord(t, alarm.kind)}
          {place.site && place.site.name !== place.name && <span className="quiet"> · {place.site.name}</span>}
          {alarm.presses > 1 && (
            <strong className="row-presses" title={t('list.presses_long', { n: alarm.presses })}>
              {t('list.presses', { n: alarm.presses })}
            </strong>
          )}
        </span>
        <span className="row-tags">
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
          {real && (
            <Tag tone="danger" look="outline">
              {t('drill.real')}
            </Tag>
          )}
          <StageTag alarm={alarm} />
        </span>
        {helper && <strong className="row-helper">{helper}</strong>}
        {coming && <span className="row-coming">{coming}</span>}
      </button>
    </li>
  )
})
