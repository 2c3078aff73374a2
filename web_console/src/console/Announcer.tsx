/** What a screen reader is told: a new alarm, and that one is no mistake, at once; what others did when there is time. */
import { useEffect, useState } from 'react'
import type { Alarm, AlarmEvent } from '../live/contract'
import { isTechnical } from '../live/order'
import { store } from '../live/store'
import type { Places } from '../session/places'
import { usePlaces } from '../session/useOrganisation'
import type { T } from '../texts/t'
import { useT } from '../texts/useT'
import { helperLine, kindWord } from '../alarms/words'
import { sentence } from './story'

export function Announcer({ me }: { me: string }) {
  const t = useT()
  const places = usePlaces()
  const [alert, setAlert] = useState('')
  const [news, setNews] = useState('')
  useEffect(
    () =>
      store.onEvents((events) => {
        for (const event of events) {
          const alarm = store.view.live.alarms.get(event.alarm)
          if (!alarm || isTechnical(alarm)) continue
          if (event.kind === 'raised') setAlert(raised(t, places, alarm))
          else if (event.kind === 'upgraded' && event.data.pin) setAlert(told(t, places, alarm, sentence(t, places, event)))
          else setNews((before) => change(t, places, alarm, event, me) ?? before)
        }
      }),
    [t, places, me],
  )
  return (
    <>
      <div className="hidden" role="alert" data-testid="say-alert">
        {alert}
      </div>
      <div className="hidden" role="status" data-testid="say-news">
        {news}
      </div>
    </>
  )
}

function raised(t: T, places: Places, alarm: Alarm): string {
  const line = t('say.new', { kind: kindWord(t, alarm.kind), place: places.of(alarm).full })
  const helper = helperLine(t, alarm, places, store.view.live.alarms)
  return helper ? `${line}. ${helper}` : line
}

function change(t: T, places: Places, alarm: Alarm, event: AlarmEvent, me: string): string | null {
  const answered = event.kind === 'acknowledged' || event.kind === 'en_route' || event.kind === 'arrived'
  const what = (): string | null => {
    if (answered && event.data.person !== me) return t(`event.${event.kind}`, { who: places.person(event.data.person) })
    if (event.kind === 'lapsed') return t('event.lapsed', { who: places.people(event.data.people) })
    if (event.kind === 'cancelled') return t('event.cancelled', { who: places.actor(event.by, t('system')) })
    if (event.kind === 'resolved') return t('stage.closed')
    return null
  }
  const said = what()
  return said && told(t, places, alarm, said)
}

function told(t: T, places: Places, alarm: Alarm, what: string): string {
  return t('say.change', { place: places.of(alarm).name, what })
}
