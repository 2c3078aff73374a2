/**
 * The form beside the list for what needs words: closing, cancelling, a note. It never covers the list, and what is
 * typed stays when another alarm is looked at meanwhile.
 */
import { useEffect, useRef, useState, type FormEvent } from 'react'
import type { Alarm, Outcome } from '../live/contract'
import type { Actions } from '../live/useActions'
import type { Key } from '../texts/t'
import { useT } from '../texts/useT'
import { Action, Button, Choice, Choices, LongField } from '../ui'
import { FailureLine } from '../alarms/FailureLine'
import './panel.css'

export type PanelKind = 'resolve' | 'cancel' | 'note'

export interface Draft {
  kind: PanelKind
  outcome: string
  text: string
}

interface Props {
  alarm: Alarm
  draft: Draft
  usable: boolean
  actions: Actions
  onDraft(draft: Draft | null): void
}

interface Faults {
  outcome?: Key | undefined
  text?: Key | undefined
}

const OUTCOMES: readonly Outcome[] = ['real', 'false', 'mistake', 'test']
const SUBMIT: Record<PanelKind, Key> = { resolve: 'panel.resolve', cancel: 'panel.cancel', note: 'panel.save_note' }

export function Panel({ alarm, draft, usable, actions, onDraft }: Props) {
  const t = useT()
  const first = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
  const [faults, setFaults] = useState<Faults>({})
  const { kind } = draft
  const arrived = alarm.responders.some((r) => r.counts && r.state === 'arrived')
  const needsReason = kind !== 'resolve' || !arrived
  const failed = actions.failed(alarm.id)
  const sending = actions.of(alarm.id, kind)?.is === 'sending'

  useEffect(() => {
    first.current?.focus()
  }, [])

  const submit = async () => {
    const found = faultsOf(draft, needsReason)
    setFaults(found)
    if (found.outcome || found.text) return first.current?.focus()
    if (await actions.run(alarm.id, kind, body(draft))) onDraft(null)
  }

  return (
    <form
      className="card panel"
      data-testid={`panel-${kind}`}
      aria-label={t(kind === 'note' ? 'panel.note' : SUBMIT[kind])}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (usable && !sending) void submit()
      }}
      noValidate
    >
      <h3>{t(kind === 'note' ? 'panel.note' : SUBMIT[kind])}</h3>
      {kind === 'cancel' && <p className="quiet">{t('panel.cancel_help')}</p>}
      {kind === 'resolve' && (
        <Choices
          label={t('panel.outcome')}
          value={draft.outcome}
          onValue={(outcome) => {
            setFaults({ ...faults, outcome: undefined })
            onDraft({ ...draft, outcome })
          }}
          error={faults.outcome && t(faults.outcome)}
        >
          <div className="panel-outcomes">
            {OUTCOMES.map((outcome, i) => (
              <Choice key={outcome} value={outcome} {...(i === 0 ? { ref: first } : {})}>
                {t(`outcome.${outcome}`)}
              </Choice>
            ))}
          </div>
        </Choices>
      )}
      <LongField
        label={t(kind === 'note' ? 'act.note' : needsReason ? 'panel.reason' : 'panel.reason_optional')}
        hint={kind === 'resolve' && needsReason ? t('panel.reason_needed') : t('panel.no_names')}
        value={draft.text}
        onValue={(text) => {
          setFaults({ ...faults, text: undefined })
          onDraft({ ...draft, text })
        }}
        error={faults.text && t(faults.text)}
        data-testid="panel-text"
        {...(kind === 'resolve' ? {} : { ref: first })}
      />
      {failed?.verb === kind && <FailureLine alarm={alarm} failure={failed.failure} action={t(`act.${kind}`)} />}
      <div className="panel-buttons">
        <Action look="primary" type="submit" possible={usable} sending={sending ? t('act.sending') : undefined} onAct={() => void submit()} data-testid="panel-submit">
          {t(SUBMIT[kind])}
        </Action>
        <Button look="tertiary" onClick={() => onDraft(null)} data-testid="panel-back">
          {t('panel.back')}
        </Button>
      </div>
    </form>
  )
}

function faultsOf({ kind, outcome, text }: Draft, needsReason: boolean): Faults {
  const faults: Faults = {}
  if (kind === 'resolve' && !outcome) faults.outcome = 'panel.choose_outcome'
  if (needsReason && !text.trim()) faults.text = kind === 'note' ? 'panel.write_note' : 'panel.write_reason'
  return faults
}

function body({ kind, outcome, text }: Draft): Record<string, string> {
  const words = text.trim()
  if (kind === 'note') return { text: words }
  if (kind === 'cancel') return { reason: words }
  return words ? { outcome, reason: words } : { outcome }
}
