/** A button. Neutral unless it is told to be `danger`: on a console blue is as loud as red. */
import { Button as AkselButton } from '@navikt/ds-react/Button'
import type { ButtonHTMLAttributes, ReactNode } from 'react'

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'primary' | 'secondary' | 'tertiary'
  tone?: 'neutral' | 'danger' | 'accent'
  size?: 'medium' | 'small' | 'xsmall'
  icon?: ReactNode
  busy?: boolean
  'data-testid'?: string
}

export function Button({ look = 'secondary', tone = 'neutral', size = 'small', busy = false, type = 'button', ...rest }: ButtonProps) {
  return <AkselButton variant={look} data-color={tone} size={size} loading={busy} type={type} {...rest} />
}
