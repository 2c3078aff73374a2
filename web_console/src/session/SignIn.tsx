/** Signing in with a local account. Says in words what went wrong, and what to do in danger meanwhile. */
import { useState, type FormEvent } from 'react'
import { signIn } from '../live/api'
import type { Session } from '../live/contract'
import type { Failure } from '../live/http'
import type { Key } from '../texts/t'
import { useT } from '../texts/useT'
import { Button, Field, Message } from '../ui'
import './signin.css'

interface Props {
  title: string
  expired: boolean
  onEnter(session: Session): void
}

export function SignIn({ title, expired, onEnter }: Props) {
  const t = useT()
  const [person, setPerson] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<Key | null>(null)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    if (!person.trim() || !password) return setFault('signin.empty')
    setBusy(true)
    const answer = await signIn(person.trim(), password)
    setBusy(false)
    if (answer.ok) onEnter(answer.body)
    else setFault(said(answer))
  }

  return (
    <main className="signin">
      <form className="signin-card" onSubmit={(event) => void submit(event)} noValidate>
        <p className="signin-mark">alarmd</p>
        <h1>{title}</h1>
        {expired && <Message tone="warning">{t('signin.expired')}</Message>}
        <Field label={t('signin.person')} value={person} onValue={setPerson} autoComplete="username" name="person" data-testid="signin-person" />
        <Field
          label={t('signin.password')}
          value={password}
          onValue={setPassword}
          type="password"
          autoComplete="current-password"
          name="password"
          data-testid="signin-password"
        />
        {fault && (
          <Message tone="error" data-testid="signin-error">
            {t(fault)}
          </Message>
        )}
        <Button look="primary" size="medium" type="submit" busy={busy} data-testid="signin-submit">
          {t('signin.submit')}
        </Button>
        <p className="quiet signin-emergency">{t('signin.emergency', { number: '112' })}</p>
      </form>
    </main>
  )
}

function said(failure: Failure): Key {
  if (failure.why === 'signed_out' || failure.why === 'refused' || failure.why === 'forbidden') return 'signin.wrong'
  if (failure.why === 'too_often') return 'fail.too_often'
  return failure.why === 'no_answer' ? 'signin.no_answer' : 'signin.trouble'
}
