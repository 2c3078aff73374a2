/** The chosen alarm: where it is, what happens next, what one can do, the plan and the story. */
import type { ReactNode } from 'react'
import type { Alarm } from '../live/contract'
import { isTechnical } from '../live/order'
import { useDetails } from '../live/useDetails'
import type { Actions } from '../live/useActions'
import { store } from '../live/store'
import { usePlaces } from '../session/useOrganisation'
import { moment } from '../texts/time'
import { useT } from '../texts/useT'
import { Button, Tag } from '../ui'
import { ActionBar } from './ActionBar'
import { FloorPlan } from './FloorPlan'
import { KindIcon } from '../alarms/KindIcon'
import { NextClock } from './NextClock'
import { Panel, type Draft, type PanelKind } from './Panel'
import { Responders } from './Responders'
import { StageTag } from '../alarms/StageTag'
import { Timeline } from './Timeline'
import { classOf, helperLine, kindWord } from '../alarms/words'
import './detail.css'

interface Props {
  alarm: Alarm | null
  me: string
  usable: boolean
  actions: Actions
  draft: Draft | null
  onDraft(id: string, draft: Draft | null): void
  onPanel(kind: PanelKind): void
  onBack(): void
  onChoose(id: string): void
}

export function Detail({ alarm, me, usable, actions, draft, onDraft, onPanel, onBack, onChoose }: Props) {
  const t = useT()
  const story = useDetails(alarm?.id ?? null)
  if (!alarm) return <div className="detail-none quiet">{t('detail.none')}</div>
  return (
    <article className="detail" data-class={classOf(alarm)} data-testid="detail" data-detail={alarm.id}>
      <div className="detail-back">
        <Button look="tertiary" onClick={onBack}>
          ← {t('back')}
        </Button>
      </div>
      <Heading alarm={alarm} />
      <div className="detail-do">
        <NextClock alarm={alarm} plan={story.details?.plan ?? []} />
        <ActionBar alarm={alarm} me={me} usable={usable} actions={actions} onPanel={onPanel} />
      </div>
      {draft && (
        <Panel
          key={`${alarm.id} ${draft.kind}`}
          alarm={alarm}
          draft={draft}
          usable={usable}
          actions={actions}
          onDraft={(next) => onDraft(alarm.id, next)}
        />
      )}
      <div className="detail-halves">
        <div className="detail-half">
          <FloorPlan alarm={alarm} onChoose={onChoose} />
        </div>
        <div className="detail-half">
          {!isTechnical(alarm) && <Responders alarm={alarm} me={me} />}
          <Timeline story={story} alarm={alarm} />
        </div>
      </div>
    </article>
  )
}

function Heading({ alarm }: { alarm: Alarm }) {
  const t = useT()
  const places = usePlaces()
  const place = places.of(alarm)
  const lines = [place.zone?.floor, place.site?.name, place.site?.address].filter(Boolean).join(' · ')
  return (
    <header className="detail-head">
      <span className="detail-icon">
        <KindIcon kind={alarm.kind} />
      </span>
      <div className="detail-where">
        <h2>{place.name || kindWord(t, alarm.kind)}</h2>
        <p>{lines}</p>
        {place.zone?.way && <p className="detail-way">{place.zone.way}</p>}
      </div>
      <div className="detail-tags">
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
        <Tag>{kindWord(t, alarm.kind)}</Tag>
        <StageTag alarm={alarm} />
      </div>
      <p className="detail-facts">
        <Fact>{t('detail.opened_at', { t: moment(Date.parse(alarm.opened_at), store.now(), places.timeZone) })}</Fact>
        <Fact>{raisedBy(alarm)}</Fact>
        {alarm.presses > 1 && <Fact>{t('list.presses_long', { n: alarm.presses })}</Fact>}
        {alarm.needed > 1 && <Fact>{t('detail.needed', { n: alarm.needed })}</Fact>}
      </p>
      {alarm.coerced && <p className="detail-note">{t('coerced.help')}</p>}
      {alarm.note && <p className="detail-note">{t('event.reason', { text: alarm.note })}</p>}
    </header>
  )

  function raisedBy({ by }: Alarm): string {
    if (alarm.linked) return helperLine(t, alarm, places, store.view.live.alarms)
    if (by && 'person' in by) return t('detail.raised_person', { name: places.actor(by, t('system')) })
    if (alarm.device) return t('detail.raised_device', { device: alarm.device })
    return alarm.cause ? `${t('detail.cause')}: ${alarm.cause}` : t('system')
  }
}

function Fact({ children }: { children: ReactNode }) {
  return <span>{children}</span>
}
