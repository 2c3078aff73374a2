/** How far the answer to an alarm has come, as word, shape and colour. */
import type { ComponentType } from 'react'
import type { Alarm } from '../live/contract'
import { stage, type Stage } from '../live/order'
import { useT } from '../texts/useT'
import { Arrow, Check, Pin, Tag, type Tone } from '../ui'
import { classOf, stageWord, type AlarmClass } from './words'

const ICONS: Record<Stage, ComponentType | null> = { unanswered: null, answered: Check, on_way: Arrow, arrived: Pin, closed: null }
const TONES: Record<AlarmClass, Tone> = { person: 'danger', drill: 'drill', technical: 'warning', calm: 'neutral' }

export function StageTag({ alarm }: { alarm: Alarm }) {
  const t = useT()
  const at = stage(alarm)
  const Drawing = ICONS[at]
  const looks = { unanswered: 'strong', answered: 'moderate', on_way: 'outline', arrived: 'outline', closed: 'outline' } as const
  return (
    <Tag tone={TONES[classOf(alarm)]} look={looks[at]} icon={Drawing && <Drawing />}>
      {stageWord(t, alarm)}
    </Tag>
  )
}
