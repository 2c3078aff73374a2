/** Form fields of the design system in the one size that the pages use. */
import { Radio, RadioGroup } from '@navikt/ds-react/Radio'
import { Select } from '@navikt/ds-react/Select'
import { Switch as AkselSwitch } from '@navikt/ds-react/Switch'
import { Textarea } from '@navikt/ds-react/Textarea'
import { TextField } from '@navikt/ds-react/TextField'
import type { ReactNode, Ref } from 'react'

interface Common {
  label: string
  value: string
  onValue(value: string): void
  error?: string | undefined
  hint?: string | undefined
  'data-testid'?: string
}

interface FieldProps extends Common {
  type?: 'text' | 'password'
  autoComplete?: string
  name?: string
}

export function Field({ onValue, error, hint, ...rest }: FieldProps) {
  return (
    <TextField
      {...rest}
      autoCapitalize="none"
      spellCheck={false}
      error={error}
      description={hint}
      onChange={(event) => onValue(event.target.value)}
    />
  )
}

export function LongField({ onValue, error, hint, ref, ...rest }: Common & { ref?: Ref<HTMLTextAreaElement> }) {
  return (
    <Textarea
      {...rest}
      ref={ref ?? null}
      size="small"
      minRows={2}
      maxRows={5}
      error={error}
      description={hint}
      onChange={(event) => onValue(event.target.value)}
    />
  )
}

export function Pick({ onValue, error, hint, children, ...rest }: Common & { children: ReactNode }) {
  return (
    <Select {...rest} error={error} description={hint} onChange={(event) => onValue(event.target.value)}>
      {children}
    </Select>
  )
}

export function Choices({ label, value, onValue, error, children }: Common & { children: ReactNode }) {
  return (
    <RadioGroup legend={label} value={value} size="small" error={error} onChange={onValue}>
      {children}
    </RadioGroup>
  )
}

export function Choice({ value, children, ref }: { value: string; children: ReactNode; ref?: Ref<HTMLInputElement> }) {
  return (
    <Radio value={value} ref={ref ?? null}>
      {children}
    </Radio>
  )
}

interface SwitchProps {
  on: boolean
  onSwitch(on: boolean): void
  children: ReactNode
  'data-testid'?: string
}

export function Switch({ on, onSwitch, children, ...rest }: SwitchProps) {
  return (
    <AkselSwitch {...rest} data-color="neutral" size="small" checked={on} onChange={(event) => onSwitch(event.target.checked)}>
      {children}
    </AkselSwitch>
  )
}
