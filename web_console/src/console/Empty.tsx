/**
 * Nothing is wrong, and that is known: the time moves with each frame of the server, and the ring takes one turn per
 * frame, so both stand still when nothing is heard.
 */
import { useLive } from '../live/useLive'
import { usePlaces } from '../session/useOrganisation'
import { clock } from '../texts/time'
import { useT } from '../texts/useT'

export function Empty() {
  const t = useT()
  const { heardAt, connection } = useLive()
  const { timeZone } = usePlaces()
  return (
    <div className="empty" data-testid="empty" data-connection-seen={connection}>
      <svg key={heardAt} className="empty-ring" viewBox="0 0 48 48" width="64" height="64" aria-hidden="true">
        <circle className="empty-track" cx="24" cy="24" r="20" pathLength="100" />
        <circle className="empty-turn" cx="24" cy="24" r="20" pathLength="100" />
        <circle className="empty-heart" cx="24" cy="24" r="5" />
      </svg>
      <p>
        <strong>{t('list.empty')}</strong>
      </p>
      {heardAt !== null && <p className="quiet clock">{t('list.checked', { t: clock(heardAt, timeZone) })}</p>}
    </div>
  )
}
