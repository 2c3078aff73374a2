/** The list: groups by what is done about them. Calm only when the server says so just now, never because nothing came. */
import type { Ref } from 'react'
import type { Section } from '../live/order'
import { useLive } from '../live/useLive'
import { useT } from '../texts/useT'
import { AlarmRow } from './AlarmRow'
import { Empty } from './Empty'
import './list.css'

interface Props {
  sections: readonly Section[]
  left: number
  chosen: string | null
  onChoose(id: string): void
  ref: Ref<HTMLDivElement>
}

export function AlarmList({ sections, left, chosen, onChoose, ref }: Props) {
  const t = useT()
  const { live, connection } = useLive()
  const drill = sections.some(({ group, alarms }) => group !== 'closed' && alarms.some((alarm) => alarm.drill))
  const calm = !sections.some((section) => section.group !== 'closed')
  return (
    <section className="list" ref={ref} aria-label={t('list.title')} aria-busy={live.position === null} data-testid="alarm-list">
      {live.position === null ? (
        <p className="list-loading">{t('loading')}</p>
      ) : (
        <>
          {connection === 'lost' && <p className="list-old">{t('list.old')}</p>}
          {calm && <Empty />}
          {sections.map(({ group, alarms, total }) => (
            <section key={group} className="list-group" data-group={group}>
              <h2>
                {t(`list.group.${group}`)} <span className="list-count">{total}</span>
              </h2>
              <ul>
                {alarms.map((alarm) => (
                  <AlarmRow key={alarm.id} alarm={alarm} real={drill && !alarm.drill && group !== 'closed'} chosen={alarm.id === chosen} onChoose={onChoose} />
                ))}
              </ul>
            </section>
          ))}
          {left > 0 && <p className="list-more">{t.count('list.more', left)}</p>}
        </>
      )}
    </section>
  )
}
