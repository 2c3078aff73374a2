/** Why something was not done, and what to do about it, beside the button. */
import type { Alarm } from '../live/contract'
import type { Failure } from '../live/http'
import { usePlaces } from '../session/useOrganisation'
import type { Places } from '../session/places'
import { clock } from '../texts/time'
import type { T } from '../texts/t'
import { useT } from '../texts/useT'
import { Message } from '../ui'
import { refused } from './refusals'

interface Props {
  alarm: Alarm
  failure: Failure
  action: string
}

export function FailureLine({ alarm, failure, action }: Props) {
  const t = useT()
  const places = usePlaces()
  return (
    <Message tone="error" data-testid="act-error">
      <strong>{action}:</strong> {failureWords(t, places, alarm, failure)}
    </Message>
  )
}

export function failureWords(t: T, places: Places, alarm: Alarm, failure: Failure): string {
  switch (failure.why) {
    case 'conflict':
      return conflictWords(t, places, failure.alarm ?? alarm)
    case 'refused':
      return t(refused(failure.status))
    case 'trouble':
      return t('fail.trouble', { status: failure.status })
    default:
      return t(`fail.${failure.why}`)
  }
}

function conflictWords(t: T, places: Places, alarm: Alarm): string {
  const state = t(`state.${alarm.state}`)
  const last = [...alarm.responders].filter((r) => r.state !== 'declined').sort((a, b) => b.at.localeCompare(a.at))[0]
  if (!last) return t('fail.conflict', { state })
  const who = `${places.person(last.person)} ${t(`responder.${last.state}`)}`
  return t('fail.conflict_by', { state, who, t: clock(Date.parse(last.at), places.timeZone) })
}
