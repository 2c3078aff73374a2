/** Catches what goes wrong while drawing. React would leave a white page, which nobody can tell from a calm one. */
import { Component, type ReactNode } from 'react'

interface Props {
  /** Shown instead of the page. */
  instead: ReactNode
  children: ReactNode
}

export class Crash extends Component<Props, { crashed: boolean }> {
  override state = { crashed: false }

  static getDerivedStateFromError() {
    return { crashed: true }
  }

  override render() {
    return this.state.crashed ? this.props.instead : this.props.children
  }
}
