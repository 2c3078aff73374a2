/** The console as a whole: theme, who is signed in, and then the desk. */
import { useEffect } from 'react'
import { useSession } from '../session/useSession'
import { SignIn } from '../session/SignIn'
import { store } from '../live/store'
import { useLive } from '../live/useLive'
import { useTexts } from '../texts/useT'
import { useTheme } from '../theme/useTheme'
import { Frame } from '../ui'
import { Choosers } from '../theme/Choosers'
import { Desk } from './Desk'

export function Console() {
  const { t, suggest } = useTexts()
  const theme = useTheme('console')
  const door = useSession()
  const { signedOut } = useLive()
  const { expire } = door
  const session = door.who.is === 'somebody' ? door.who.session : null

  useEffect(() => {
    if (session) suggest(session.language)
    // Only a new sign-in suggests a language; `suggest` itself changes with the language and must not bring it back.
  }, [session])

  useEffect(() => {
    if (!session) return
    store.start(session.person)
    return () => store.stop()
  }, [session])

  useEffect(() => {
    if (signedOut) expire()
  }, [signedOut, expire])

  const leave = async () => {
    if (await door.leave()) store.forget()
  }

  return (
    <Frame theme={theme.theme} language={t.language} className="console">
      {session ? (
        <Desk session={session} theme={theme} onLeave={() => void leave()} onSignedOut={store.expire} />
      ) : (
        <>
          <header className="bar bar-out">
            <Choosers theme={theme} />
          </header>
          {door.who.is === 'nobody' ? (
            <SignIn title={t('app.console')} expired={signedOut} onEnter={door.enter} />
          ) : (
            <main className="waiting" aria-busy="true">
              <p>{t(door.who.is === 'asking' ? 'loading' : 'signin.no_answer')}</p>
            </main>
          )}
        </>
      )}
    </Frame>
  )
}
