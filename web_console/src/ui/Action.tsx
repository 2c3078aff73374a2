/**
 * A button for something that the server must agree to. While it is not possible it stays focusable (a keyboard user
 * must not lose his place) and says so to assistive technology; the click then does nothing.
 */
import type { MouseEvent } from 'react'
import { Button, type ButtonProps } from './Button'

interface Props extends Omit<ButtonProps, 'disabled' | 'onClick' | 'busy'> {
  possible: boolean
  /** Said instead of the label while the server has not answered. */
  sending?: string | undefined
  onAct(): void
}

export function Action({ possible, sending, onAct, children, className = '', ...rest }: Props) {
  const off = !possible || sending !== undefined
  const click = (event: MouseEvent) => {
    event.preventDefault()
    if (!off) onAct()
  }
  return (
    <Button {...rest} className={`action ${className}`} aria-disabled={off || undefined} aria-busy={sending !== undefined || undefined} onClick={click}>
      {sending ?? children}
    </Button>
  )
}
