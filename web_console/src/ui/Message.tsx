/** One line beside what it is about: what went wrong, or what to know. An error is read aloud when it appears. */
import { InlineMessage } from '@navikt/ds-react/InlineMessage'
import type { ReactNode } from 'react'

interface Props {
  tone?: 'error' | 'warning' | 'info'
  children: ReactNode
  'data-testid'?: string
}

export function Message({ tone = 'info', children, ...rest }: Props) {
  return (
    <InlineMessage status={tone} size="small" role={tone === 'error' ? 'alert' : 'status'} {...rest}>
      {children}
    </InlineMessage>
  )
}
