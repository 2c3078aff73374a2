/** Small choices kept in this browser. A browser that forbids it forgets them: no page may fail because of that. */

const PREFIX = 'alarmd.'

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name)
  } catch {
    return null
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // Private windows and locked-down kiosks have no storage: the choice lasts as long as the page.
  }
}
