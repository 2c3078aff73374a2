/** The floor of the chosen alarm as plain SVG: its rooms, the place that called, and other alarms on the same floor. */
import { useMemo, type KeyboardEvent } from 'react'
import type { Alarm } from '../live/contract'
import { useLive } from '../live/useLive'
import { usePlaces } from '../session/useOrganisation'
import { useT } from '../texts/useT'
import { drawn, HEIGHT, lines, WIDTH, type Room, type Spot } from './plan'
import { classOf } from '../alarms/words'
import './plan.css'

export function FloorPlan({ alarm, onChoose }: { alarm: Alarm; onChoose(id: string): void }) {
  const t = useT()
  const places = usePlaces()
  const { live } = useLive()
  const drawing = useMemo(() => drawn(alarm, live.alarms.values(), places), [alarm, live.alarms, places])
  const { name } = places.of(alarm)
  return (
    <section className="plan" aria-label={t('detail.plan')} data-testid="plan">
      <h3>
        {t('detail.plan')}
        {drawing && <span className="quiet"> · {drawing.floor}</span>}
      </h3>
      {drawing ? (
        <svg
          className="plan-drawing"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          role="group"
          aria-label={t('plan.label', { floor: drawing.floor, place: name })}
        >
          {drawing.rooms.map((room) => (
            <RoomShape key={room.id} room={room} />
          ))}
          {drawing.others.map((spot) => (
            <OtherPin key={spot.alarm.id} spot={spot} onChoose={onChoose} />
          ))}
          <HerePin spot={drawing.here} />
        </svg>
      ) : (
        <p className="quiet plan-none">{t('detail.no_plan', { place: name })}</p>
      )}
    </section>
  )
}

function RoomShape({ room }: { room: Room }) {
  return (
    <g className="plan-room" data-pressed={room.pressed || undefined} data-room={room.id}>
      <rect x={room.x + 3} y={room.y + 3} width={Math.max(0, room.width - 6)} height={Math.max(0, room.height - 6)} rx="6" />
      <text x={room.x + 16} y={room.y + 38} aria-hidden="true">
        {lines(room.name, room.width).map((line, i) => (
          <tspan key={line} x={room.x + 16} dy={i === 0 ? 0 : 34}>
            {line}
          </tspan>
        ))}
      </text>
    </g>
  )
}

function HerePin({ spot }: { spot: Spot }) {
  const t = useT()
  const unanswered = spot.alarm.state === 'raised'
  return (
    <g className="plan-here" data-unanswered={unanswered || undefined} transform={`translate(${spot.x} ${spot.y})`} role="img" aria-label={t('plan.here')}>
      <circle className="plan-pulse" r="30" />
      <circle className="plan-ring" r="30" />
      <circle className="plan-dot" r="22" />
      <circle className="plan-core" r="8" />
    </g>
  )
}

function OtherPin({ spot, onChoose }: { spot: Spot; onChoose(id: string): void }) {
  const t = useT()
  const places = usePlaces()
  const choose = () => onChoose(spot.alarm.id)
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    choose()
  }
  return (
    <g
      className="plan-other"
      data-class={classOf(spot.alarm)}
      data-unanswered={spot.alarm.state === 'raised' || undefined}
      transform={`translate(${spot.x} ${spot.y})`}
      role="button"
      tabIndex={0}
      aria-label={t('plan.other', { place: places.of(spot.alarm).name })}
      onClick={choose}
      onKeyDown={press}
    >
      <circle className="plan-other-dot" r="17" />
      <circle className="plan-core" r="6" />
    </g>
  )
}
