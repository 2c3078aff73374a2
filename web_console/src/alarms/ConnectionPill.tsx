/** How much what is shown may be trusted just now. */
import { useLive } from '../live/useLive'
import { useT } from '../texts/useT'
import './pill.css'

export function ConnectionPill() {
  const t = useT()
  const { connection } = useLive()
  return (
    <span className="pill" data-connection={connection} data-testid="connection" role="status">
      <span className="pill-dot" aria-hidden="true" />
      {t(`connection.${connection}`)}
    </span>
  )
}
