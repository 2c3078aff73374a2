/**
 * The whole story of the chosen alarm. Events are added the moment they come; the rest (whom each step will tell, what
 * became of each attempt) is asked for again after them, at most once in a while.
 */
import { useEffect, useState } from 'react'
import { alarmDetails } from './api'
import type { AlarmDetails } from './contract'
import { store } from './store'

const ASK_EVERY = 700
const ASK_AGAIN = 2_000

export interface Story {
  details: AlarmDetails | null
  /** The last question was not answered; it is asked again. */
  unavailable: boolean
}

export function useDetails(id: string | null): Story {
  const [found, setFound] = useState<{ id: string | null } & Story>({ id: null, details: null, unavailable: false })

  useEffect(() => {
    if (!id) return
    let gone = false
    let asking = false
    let again = false
    let timer: ReturnType<typeof setTimeout> | undefined

    const later = (wait: number) => {
      if (asking) again = true
      else timer ??= setTimeout(() => void fetchIt(), wait)
    }
    const fetchIt = async () => {
      timer = undefined
      asking = true
      again = false
      const answer = await alarmDetails(id)
      asking = false
      if (gone) return
      if (answer.ok) setFound({ id, details: answer.body, unavailable: false })
      else setFound((had) => ({ id, details: had.id === id ? had.details : null, unavailable: true }))
      if (!answer.ok) later(ASK_AGAIN)
      else if (again) later(ASK_EVERY)
    }
    const undo = store.onEvents((events) => {
      const mine = events.filter((event) => event.alarm === id)
      if (mine.length === 0) return
      setFound((had) => {
        if (!had.details || had.id !== id) return had
        const last = had.details.timeline.at(-1)?.position ?? 0
        const fresh = mine.filter((event) => event.position > last)
        return { ...had, details: { ...had.details, timeline: [...had.details.timeline, ...fresh] } }
      })
      later(ASK_EVERY)
    })
    void fetchIt()
    return () => {
      gone = true
      clearTimeout(timer)
      undo()
    }
  }, [id])

  // What belongs to the alarm chosen before must never be shown under the name of this one.
  return found.id === id ? found : { details: null, unavailable: false }
}
