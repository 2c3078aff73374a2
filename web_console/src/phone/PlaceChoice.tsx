/** Where I am: kept on this phone, because there is no time to say it when it counts. */
import { useState } from 'react'
import type { Places } from '../session/places'
import { recall, remember } from '../theme/remembered'
import { useT } from '../texts/useT'
import { Button, Pick } from '../ui'

const KEPT = 'place'

export interface PlaceKept {
  zone: string | null
  choose(zone: string | null): void
}

/** The place that was chosen here, else where the person belongs; null when neither is known (any more). */
export function usePlace(places: Places | null, me: string): PlaceKept {
  const [zone, setZone] = useState(recall(KEPT))
  const home = places?.organisation?.people.find((person) => person.id === me)?.at ?? null
  const known = [zone, home].find((each) => each && places?.zone(each)) ?? null
  return {
    // Before the organisation is known the last choice is the best there is: a press must not wait for it.
    zone: places ? known : zone,
    choose: (wanted) => {
      remember(KEPT, wanted ?? '')
      setZone(wanted)
    },
  }
}

export function PlaceChoice({ places, place }: { places: Places; place: PlaceKept }) {
  const t = useT()
  const found = place.zone ? places.zone(place.zone) : null
  const [changing, setChanging] = useState(false)
  const [site, setSite] = useState<string | null>(null)
  const only = places.sites.length === 1 ? places.sites[0] : undefined
  const shown = places.site(site) ?? found?.site ?? only ?? null

  if (found && !changing) {
    return (
      <div className="place" data-testid="place">
        <div>
          <span className="quiet">{t('phone.place')}</span>
          <strong>{found.zone.name}</strong>
          <span className="quiet">{[found.zone.floor, found.site.name].filter(Boolean).join(' · ')}</span>
        </div>
        <Button look="tertiary" onClick={() => setChanging(true)} data-testid="change-place">
          {t('phone.change_place')}
        </Button>
      </div>
    )
  }
  return (
    <div className="place place-change">
      {places.sites.length > 1 && (
        <Pick
          label={t('phone.site')}
          value={shown?.id ?? ''}
          onValue={(id) => {
            setSite(id)
            place.choose(null)
            setChanging(true)
          }}
          data-testid="place-site"
        >
          <option value="" disabled>
            {t('phone.choose')}
          </option>
          {places.sites.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
        </Pick>
      )}
      {shown && (
        <Pick
          label={t('phone.zone')}
          value={shown.zones.some((zone) => zone.id === place.zone) ? (place.zone ?? '') : ''}
          onValue={(id) => {
            place.choose(id)
            setChanging(false)
          }}
          data-testid="place-zone"
        >
          <option value="" disabled>
            {t('phone.choose')}
          </option>
          {shown.zones.map((zone) => (
            <option key={zone.id} value={zone.id}>
              {[zone.name, zone.floor].filter(Boolean).join(' · ')}
            </option>
          ))}
        </Pick>
      )}
      {found && changing && (
        <Button look="tertiary" onClick={() => setChanging(false)}>
          {t('phone.place_done')}
        </Button>
      )}
    </div>
  )
}
