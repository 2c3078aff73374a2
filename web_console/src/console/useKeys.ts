/** Single keys of the console. They rest while somebody writes, and when a modifier is held: those belong to the browser. */
import { useEffect, useRef } from 'react'

export type Keys = Readonly<Record<string, () => unknown>>

/** These work also when the letters are switched off and from inside a field. */
const ALWAYS = new Set(['escape'])
const NAVIGATION = new Set(['arrowup', 'arrowdown', 'escape'])

export function useKeys(on: boolean, keys: Keys): void {
  const now = useRef({ on, keys })
  useEffect(() => {
    now.current = { on, keys }
  })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const key = event.key.toLowerCase()
      const act = now.current.keys[key]
      if (!act || (event.repeat && !NAVIGATION.has(key)) || event.ctrlKey || event.altKey || event.metaKey) return
      if (!now.current.on && !NAVIGATION.has(key)) return
      if (writes(event.target) && !ALWAYS.has(key)) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}

function writes(target: EventTarget | null): boolean {
  // Radio buttons too: arrows choose among them.
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
}
