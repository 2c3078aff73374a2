/**
 * What somebody does with an alarm, and how the server answers. Nothing is shown as done before the server says so; a
 * failure is kept beside the button that failed until it is tried again or the alarm changes.
 */
import { useCallback, useState } from 'react'
import { act } from './api'
import type { Verb } from './contract'
import type { Failure } from './http'
import { store } from './store'

export type Doing = { is: 'sending' } | { is: 'failed'; failure: Failure }

export interface Actions {
  /** What becomes of this verb on this alarm; undefined: nothing is under way and nothing failed. */
  of(alarm: string, verb: Verb): Doing | undefined
  /** The verb that failed last on this alarm. */
  failed(alarm: string): { verb: Verb; failure: Failure } | null
  /** True when the server did it. */
  run(alarm: string, verb: Verb, body?: Record<string, string>): Promise<boolean>
}

export function useActions(onSignedOut: () => void): Actions {
  const [doing, setDoing] = useState<ReadonlyMap<string, Map<Verb, Doing>>>(new Map())

  const set = useCallback((alarm: string, verb: Verb, now: Doing | null) => {
    setDoing((before) => {
      const verbs = new Map(before.get(alarm))
      // One failure at a time: an older one would be read as the answer to the newer try.
      for (const [each, state] of verbs) if (state.is === 'failed') verbs.delete(each)
      if (now) verbs.set(verb, now)
      else verbs.delete(verb)
      return new Map(before).set(alarm, verbs)
    })
  }, [])

  const run = useCallback(
    async (alarm: string, verb: Verb, body: Record<string, string> = {}) => {
      set(alarm, verb, { is: 'sending' })
      const answer = await act(alarm, verb, body)
      if (answer.ok) {
        store.tell([answer.body])
        set(alarm, verb, null)
        return true
      }
      if (answer.why === 'conflict' && answer.alarm) store.tell([answer.alarm])
      if (answer.why === 'signed_out') onSignedOut()
      set(alarm, verb, { is: 'failed', failure: answer })
      return false
    },
    [set, onSignedOut],
  )

  return {
    of: (alarm, verb) => doing.get(alarm)?.get(verb),
    failed: (alarm) => {
      for (const [verb, state] of doing.get(alarm) ?? []) if (state.is === 'failed') return { verb, failure: state.failure }
      return null
    },
    run,
  }
}
