/** Technical faults, kept apart from people: one amber line at the bottom, unfolded when somebody wants to know. */
import { useState } from 'react'
import { Age } from '../live/Clocks'
import type { Alarm } from '../live/contract'
import { useAt } from '../live/useLive'
import { usePlaces } from '../session/useOrganisation'
import { span } from '../texts/time'
import { useT } from '../texts/useT'
import { Button, Wrench } from '../ui'
import { StageTag } from '../alarms/StageTag'
import './technical.css'

interface Props {
  alarms: readonly Alarm[]
  chosen: string | null
  onChoose(id: string): void
}

const MOST = 50

export function TechnicalStrip({ alarms, chosen, onChoose }: Props) {
  const t = useT()
  const places = usePlaces()
  const [open, setOpen] = useState(false)
  const oldest = alarms[0]
  const age = useAt((now) => (oldest ? span(now - Date.parse(oldest.opened_at)) : ''))
  if (!oldest) return null
  return (
    <footer className="technical" data-class="technical" data-testid="technical">
      <div className="technical-line">
        <Wrench />
        <span className="clock technical-count">{t.count('technical.count', alarms.length, { t: age })}</span>
        <Button look="tertiary" size="xsmall" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="technical-toggle">
          {t(open ? 'technical.hide' : 'technical.show')}
        </Button>
      </div>
      {open && (
        <ul className="technical-list">
          {alarms.slice(0, MOST).map((alarm) => (
            <li key={alarm.id}>
              <button
                type="button"
                className="technical-row"
                data-alarm={alarm.id}
                data-state={alarm.state}
                aria-current={alarm.id === chosen || undefined}
                onClick={() => onChoose(alarm.id)}
              >
                <span className="technical-what">
                  <strong>{places.of(alarm).name}</strong> {alarm.note ?? alarm.cause ?? ''}
                </span>
                <Age since={alarm.opened_at} />
                <StageTag alarm={alarm} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </footer>
  )
}
