/** The organisation that the pages draw: places, plans, names. Asked for again until it comes, and when alarms name what we do not know. */
import { createContext, use, useEffect, useState } from 'react'
import { organisation } from '../live/api'
import type { Organisation } from '../live/contract'
import { Places } from './places'

const ASK_AGAIN = 2_000

/** Null until the server has told it. */
export function useOrganisation(): Places | null {
  const [places, setPlaces] = useState<Places | null>(null)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let gone = false
    const askServer = async () => {
      const answer = await organisation()
      if (gone) return
      if (answer.ok) setPlaces(new Places(answer.body satisfies Organisation))
      else timer = setTimeout(() => void askServer(), ASK_AGAIN)
    }
    void askServer()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [])
  return places
}

export const PlacesContext = createContext<Places>(new Places(null))

export function usePlaces(): Places {
  return use(PlacesContext)
}
