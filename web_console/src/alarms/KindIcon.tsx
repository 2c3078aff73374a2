/** The picture of a kind. */
import type { ComponentType } from 'react'
import type { Kind } from '../live/contract'
import { Cross, Flask, Hand, Hourglass, SilentSiren, Siren, Wrench } from '../ui'

const ICONS: Record<Kind, ComponentType> = {
  panic: Siren,
  duress: SilentSiren,
  assist: Hand,
  medical: Cross,
  lone_worker: Hourglass,
  technical: Wrench,
  test: Flask,
}

export function KindIcon({ kind }: { kind: Kind }) {
  // A newer server may know more kinds than this page; whatever it is, it is an alarm.
  const Drawing = ICONS[kind] ?? Siren
  return <Drawing />
}
