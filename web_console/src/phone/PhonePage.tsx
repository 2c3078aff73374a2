/** The phone page as a whole: theme, who is signed in, and then the home screen. */
import { useEffect } from 'react'
import { store } from '../live/store'
import { useLive } from '../live/useLive'
import { SignIn } from '../session/SignIn'
import { useSession } from '../session/useSession'
import { Choosers } from '../theme/Choosers'
import { useTheme } from '../theme/useTheme'
import { useTexts } from '../texts/useT'
import { Frame, Phone } from '../ui'
import { Home } from './Home'

export function PhonePage() {
  const { t, suggest } = useTexts()
  const theme = useTheme('phone')
  const door = useSession()
  const { signedOut } = useLive()
  const { expire } = door
  const session = door.who.is === 'somebody' ? door.who.session : null

  useEffect(() => {
    document.title = t('app.phone')
  }, [t])

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
    <Frame theme={theme.theme} language={t.language} className="phone">
      {session ? (
        <Home session={session} theme={theme} onLeave={() => void leave()} onSignedOut={store.expire} />
      ) : (
        <>
          <header className="top top-out">
            <Choosers theme={theme} />
          </header>
          {door.who.is === 'nobody' ? (
            <SignIn title={t('app.phone')} expired={signedOut} onEnter={door.enter} />
          ) : (
            <main className="home home-waiting" aria-busy="true">
              <p>{t(door.who.is === 'asking' ? 'loading' : 'signin.no_answer')}</p>
              {door.who.is === 'unreachable' && (
                <a className="own-call" href="tel:112">
                  <Phone />
                  {t('phone.call', { number: '112' })}
                </a>
              )}
            </main>
          )}
        </>
      )}
    </Frame>
  )
}
