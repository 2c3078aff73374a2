/** What stands on the screen when a page has stopped: that it has, what to do in danger, and a new start by itself. */
import { useEffect, type ReactNode } from 'react'
import { useT } from '../texts/useT'
import { Button, Crash, Frame } from '../ui'
import './signin.css'

const RELOAD_AFTER = 5_000

export function Stopped({ children }: { children: ReactNode }) {
  return <Crash instead={<Notice />}>{children}</Crash>
}

function Notice() {
  const t = useT()
  useEffect(() => {
    document.title = t('crash.title')
    const timer = setTimeout(() => location.reload(), RELOAD_AFTER)
    return () => clearTimeout(timer)
  }, [t])
  return (
    <Frame theme="light" language={t.language} className="stopped">
      <main className="signin">
        <div className="signin-card" role="alert" data-testid="stopped">
          <h1>{t('crash.title')}</h1>
          <p>{t('crash.help', { number: '112' })}</p>
          <Button look="primary" onClick={() => location.reload()}>
            {t('crash.reload')}
          </Button>
        </div>
      </main>
    </Frame>
  )
}
