/** PURE. Which words belong to a no of the server: by its status alone, for what it says itself is English. */
import type { Failure } from '../live/http'
import type { Key } from '../texts/t'

/** An answer to an alarm. */
export function refused(status: number): Key {
  if (status === 404) return 'fail.gone'
  return status === 413 || status === 422 ? 'fail.unusable' : 'fail.refused'
}

/** A press: what the person can mend; null when nobody has said no. */
export function pressRefused(failure: Failure): Key | null {
  if (failure.why === 'signed_out' || failure.why === 'forbidden') return `fail.${failure.why}`
  if (failure.why !== 'refused') return null
  return failure.status === 404 ? 'phone.no_place' : 'fail.refused'
}
