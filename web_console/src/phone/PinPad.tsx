/**
 * The pad for the code with which somebody takes his alarm back. Digits are never shown, and nothing here knows how many
 * codes there are: whoever looks on sees the same, whichever was typed.
 */
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { failureWords } from '../alarms/FailureLine'
import type { Alarm } from '../live/contract'
import type { Actions } from '../live/useActions'
import { usePlaces } from '../session/useOrganisation'
import { useT } from '../texts/useT'
import { Action, Button, Message } from '../ui'
import './pin.css'

interface Props {
  alarm: Alarm
  usable: boolean
  actions: Actions
  onTaken(): void
  onBack(): void
}

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9']
const SHORTEST = 4
const LONGEST = 8

export function PinPad({ alarm, usable, actions, onTaken, onBack }: Props) {
  const t = useT()
  const places = usePlaces()
  const [typed, setTyped] = useState('')
  const entry = useRef<HTMLDivElement>(null)
  const sending = actions.of(alarm.id, 'cancel')?.is === 'sending'
  const failed = actions.failed(alarm.id)
  const possible = usable && typed.length >= SHORTEST

  useEffect(() => entry.current?.focus(), [])

  const add = (digit: string) => setTyped((had) => (had + digit).slice(0, LONGEST))
  const remove = () => setTyped((had) => had.slice(0, -1))
  const send = async () => {
    const pin = typed
    setTyped('')
    entry.current?.focus()
    if (await actions.run(alarm.id, 'cancel', { pin })) onTaken()
  }
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    if (/^[0-9]$/.test(event.key)) add(event.key)
    else if (event.key === 'Backspace') remove()
    else if (event.key === 'Escape') onBack()
    else if (event.key === 'Enter' && event.target === entry.current) {
      if (possible && !sending) void send()
    } else return
    event.preventDefault()
  }

  return (
    <div className="pin" role="group" aria-label={t('phone.pin')} onKeyDown={press} data-testid="pin">
      <p>{t('phone.pin')}</p>
      <div className="pin-entry" ref={entry} tabIndex={0} role="status" data-testid="pin-entry" data-digits={typed.length}>
        <span aria-hidden="true">{'●'.repeat(typed.length)}</span>
        <span className="pin-said">{typed ? t.count('phone.pin', typed.length) : t('phone.pin_none')}</span>
      </div>
      {failed && !typed && (
        <Message tone="error" data-testid="pin-error">
          {failed.failure.why === 'forbidden' ? t('phone.pin_wrong') : failureWords(t, places, alarm, failed.failure)}
        </Message>
      )}
      <div className="pin-keys">
        {DIGITS.map((digit) => (
          <Button key={digit} size="medium" onClick={() => add(digit)}>
            {digit}
          </Button>
        ))}
        <Button size="medium" look="tertiary" onClick={remove} data-testid="pin-delete">
          {t('phone.pin_delete')}
        </Button>
        <Button size="medium" onClick={() => add('0')}>
          0
        </Button>
        <Button size="medium" look="tertiary" onClick={onBack} data-testid="pin-back">
          {t('back')}
        </Button>
      </div>
      <Action
        look="primary"
        size="medium"
        possible={possible}
        sending={sending ? t('act.sending') : undefined}
        onAct={() => void send()}
        data-testid="pin-send"
      >
        {t('phone.pin_send')}
      </Action>
    </div>
  )
}
