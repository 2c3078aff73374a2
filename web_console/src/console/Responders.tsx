/** Who is coming, and who cannot. */
import type { Alarm } from '../live/contract'
import { usePlaces } from '../session/useOrganisation'
import { clock } from '../texts/time'
import { useT } from '../texts/useT'

export function Responders({ alarm, me }: { alarm: Alarm; me: string }) {
  const t = useT()
  const places = usePlaces()
  return (
    <section aria-label={t('detail.responders')}>
      <h3>{t('detail.responders')}</h3>
      {alarm.responders.length === 0 ? (
        <p className="quiet">{t('detail.nobody')}</p>
      ) : (
        <ul className="responders">
          {alarm.responders.map((r) => (
            <li key={r.person} data-responder={r.state}>
              <span className="responder-name">
                <strong>{places.person(r.person)}</strong>
                {r.person === me && <span className="quiet"> ({t('you')})</span>} {t(`responder.${r.state}`)}
                {!r.counts && r.state !== 'declined' && <span className="quiet"> · {t('detail.not_counting')}</span>}
              </span>
              <span className="clock quiet">{clock(Date.parse(r.at), places.timeZone)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
