/** The tab says how many alarms wait for an answer, and when the list cannot be trusted. */
import { useEffect } from 'react'
import type { Connection } from '../live/connection'
import type { Section } from '../live/order'
import { useT } from '../texts/useT'

export function useTitle(list: readonly Section[], connection: Connection): void {
  const t = useT()
  const app = t('app.console')
  const n = list.find((section) => section.group === 'unanswered')?.alarms.length ?? 0
  useEffect(() => {
    if (connection === 'lost') document.title = t('title.lost', { app })
    else document.title = n > 0 ? t('title.unanswered', { n, app }) : app
  }, [t, app, n, connection])
}
