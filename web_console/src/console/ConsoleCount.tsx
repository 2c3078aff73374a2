/** How many consoles can be heard just now, this one among them. Quiet: it is nobody's alarm. */
import { useLive } from '../live/useLive'
import { useT } from '../texts/useT'

export function ConsoleCount() {
  const t = useT()
  const { consoles } = useLive().live
  if (!consoles) return null
  const { open, armed, complete } = consoles
  return (
    <span className="bar-consoles" data-armed={armed} data-open={open} data-testid="consoles">
      {complete ? t('consoles.heard', { n: armed, all: open }) : t('consoles.at_least', { n: armed })}
    </span>
  )
}
