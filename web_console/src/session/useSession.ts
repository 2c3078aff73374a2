/** Who is signed in at this page. */
import { useCallback, useEffect, useState } from 'react'
import { signOut, whoAmI } from '../live/api'
import type { Session } from '../live/contract'

export type Who =
  | { is: 'asking' }
  | { is: 'nobody' }
  | { is: 'somebody'; session: Session }
  | { is: 'unreachable' }

const ASK_AGAIN = 2_000

export interface SessionDoor {
  who: Who
  enter(session: Session): void
  /** True when the server ended the session. */
  leave(): Promise<boolean>
  /** The server no longer knows us. */
  expire(): void
}

export function useSession(): SessionDoor {
  const [who, setWho] = useState<Who>({ is: 'asking' })
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let gone = false
    const askServer = async () => {
      const answer = await whoAmI()
      if (gone) return
      if (answer.ok) setWho({ is: 'somebody', session: answer.body })
      else if (answer.why === 'signed_out') setWho({ is: 'nobody' })
      else {
        setWho({ is: 'unreachable' })
        timer = setTimeout(() => void askServer(), ASK_AGAIN)
      }
    }
    void askServer()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [])
  return {
    who,
    enter: useCallback((session: Session) => setWho({ is: 'somebody', session }), []),
    expire: useCallback(() => setWho({ is: 'nobody' }), []),
    leave: useCallback(async () => {
      const answer = await signOut()
      // Only the server can end a session: who could not reach it is still signed in.
      const gone = answer.ok || answer.why === 'signed_out'
      if (gone) setWho({ is: 'nobody' })
      return gone
    }, []),
  }
}
