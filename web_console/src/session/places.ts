/**
 * PURE. Looking up what the organisation calls things. Whatever it does not know is shown by its id: an alarm from a
 * place that was renamed a minute ago must still be readable.
 */
import type { Actor, Alarm, Device, Organisation, Site, Zone } from '../live/contract'

export interface Place {
  zone: Zone | null
  site: Site | null
  /** The room, or the best we have; empty where an alarm (a technical one) belongs to no place. */
  name: string
  /** `Mottak · 1. etg.` */
  full: string
}

export class Places {
  readonly timeZone: string
  readonly sites: readonly Site[]
  private readonly zones = new Map<string, { zone: Zone; site: Site }>()
  private readonly devices: Map<string, Device>
  private readonly names: Map<string, string>

  constructor(readonly organisation: Organisation | null) {
    this.timeZone = organisation?.time_zone ?? 'Europe/Oslo'
    this.sites = organisation?.sites ?? []
    for (const site of this.sites) for (const zone of site.zones) this.zones.set(zone.id, { zone, site })
    this.devices = new Map((organisation?.devices ?? []).map((device) => [device.id, device]))
    this.names = new Map((organisation?.people ?? []).map((person) => [person.id, person.name]))
  }

  of(alarm: Alarm): Place {
    const found = alarm.zone ? this.zones.get(alarm.zone) : undefined
    const site = found?.site ?? this.site(alarm.site)
    const name = found?.zone.name ?? alarm.zone ?? alarm.device ?? site?.name ?? alarm.site ?? ''
    const floor = found?.zone.floor
    return { zone: found?.zone ?? null, site, name, full: floor ? `${name} · ${floor}` : name }
  }

  zone(id: string): { zone: Zone; site: Site } | null {
    return this.zones.get(id) ?? null
  }

  site(id: string | null): Site | null {
    return this.sites.find((site) => site.id === id) ?? null
  }

  device(id: string | null): Device | null {
    return (id && this.devices.get(id)) || null
  }

  person(id: string): string {
    return this.names.get(id) ?? id
  }

  /** Whether this person has his own place where the alarm was raised: in its zone, or as one of its whole site. */
  sits(id: string, alarm: Alarm): boolean {
    const at = this.organisation?.people.find((person) => person.id === id)?.at ?? null
    return at !== null && (at === alarm.zone || at === alarm.site)
  }

  people(ids: readonly string[]): string {
    return ids.map((id) => this.person(id)).join(', ')
  }

  /** Zones that are drawn on the same floor as this one. */
  floor(zone: Zone, site: Site): (Zone & { area: [number, number, number, number] })[] {
    return site.zones.flatMap((each) => (each.area && each.floor === zone.floor ? [{ ...each, area: each.area }] : []))
  }

  actor(by: Actor | null, system: string): string {
    if (!by || 'system' in by) return system
    return 'person' in by ? (this.names.get(by.person) ?? by.name) : by.device
  }
}
