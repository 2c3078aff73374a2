/** A short word with a colour that never stands alone: the word says the same. */
import { Tag as AkselTag } from '@navikt/ds-react/Tag'
import type { ReactNode } from 'react'

export type Tone = 'neutral' | 'danger' | 'warning' | 'drill'

const COLOURS = { neutral: 'neutral', danger: 'danger', warning: 'warning', drill: 'meta-purple' } as const

interface Props {
  tone?: Tone
  look?: 'outline' | 'moderate' | 'strong'
  icon?: ReactNode
  children: ReactNode
}

export function Tag({ tone = 'neutral', look = 'moderate', icon, children }: Props) {
  return (
    <AkselTag size="small" variant={look} data-color={COLOURS[tone]} icon={icon}>
      {children}
    </AkselTag>
  )
}
