/** The live screen: bar, banners, list, the chosen alarm, technical faults. Nothing here ever covers the list. */
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Session } from '../live/contract'
import { sections, shortened, suggested, technical } from '../live/order'
import { store } from '../live/store'
import { useActions } from '../live/useActions'
import { useLive } from '../live/useLive'
import { PlacesContext, useOrganisation } from '../session/useOrganisation'
import { Places } from '../session/places'
import { AlarmSound } from '../sound/alarmSound'
import type { ThemeChoice } from '../theme/useTheme'
import { recall, remember } from '../theme/remembered'
import { AlarmList } from './AlarmList'
import { Announcer } from './Announcer'
import { Banners } from './Banners'
import { Bar } from './Bar'
import { Detail } from './Detail'
import { Help } from './Help'
import { able } from '../alarms/able'
import type { Draft, PanelKind } from './Panel'
import { TechnicalStrip } from './TechnicalStrip'
import { useKeys } from './useKeys'
import { useTitle } from './useTitle'

interface Props {
  session: Session
  theme: ThemeChoice
  onLeave(): void
  onSignedOut(): void
}

export function Desk({ session, theme, onLeave, onSignedOut }: Props) {
  const { live, connection } = useLive()
  const told = useOrganisation()
  const places = useMemo(() => told ?? new Places(null), [told])
  const sound = useSound()
  const actions = useActions(onSignedOut)
  const [chosen, setChosen] = useState<string | null>(null)
  const [open, setOpen] = useState(false)
  const [drafts, setDrafts] = useState<ReadonlyMap<string, Draft>>(new Map())
  const [help, setHelp] = useState(false)
  const [keysOn, setKeysOn] = useState(recall('keys') !== 'off')
  const list = useRef<HTMLDivElement>(null)

  const all = useMemo(() => sections(live.alarms.values()), [live.alarms])
  const { shown, left } = useMemo(() => shortened(all), [all])
  const faults = useMemo(() => technical(live.alarms.values()), [live.alarms])
  const suggestion = useMemo(() => suggested(all), [all])
  const alarm = (chosen !== null && live.alarms.get(chosen)) || null
  const usable = connection !== 'lost' && live.position !== null
  useTitle(all, connection)

  useEffect(() => {
    if (!alarm && suggestion !== chosen) setChosen(suggestion)
  }, [alarm, suggestion, chosen])

  const choose = useCallback((id: string) => {
    setChosen(id)
    setOpen(true)
  }, [])

  const setDraft = useCallback((id: string, draft: Draft | null) => {
    setDrafts((before) => {
      const after = new Map(before)
      if (draft) after.set(id, draft)
      else after.delete(id)
      return after
    })
  }, [])

  const openPanel = useCallback(
    (kind: PanelKind) => {
      if (alarm) setDraft(alarm.id, { kind, outcome: '', text: '' })
    },
    [alarm, setDraft],
  )

  const move = (by: 1 | -1) => {
    const ids = [...shown.flatMap((section) => section.alarms), ...faults].map((each) => each.id)
    const at = chosen === null ? -1 : ids.indexOf(chosen)
    const next = ids[Math.min(ids.length - 1, Math.max(0, at + by))]
    if (!next) return
    setChosen(next)
    const row = list.current?.querySelector<HTMLElement>(`[data-alarm="${CSS.escape(next)}"]`)
    row?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: 'nearest' })
  }

  const verbs = alarm ? able(alarm, session.person) : null
  const run = (verb: 'acknowledge' | 'en_route' | 'arrived' | 'escalate') => {
    if (alarm && usable && verbs?.[verb] && actions.of(alarm.id, verb)?.is !== 'sending') void actions.run(alarm.id, verb)
  }

  useKeys(keysOn, {
    k: () => run('acknowledge'),
    v: () => run('en_route'),
    f: () => run('arrived'),
    e: () => run('escalate'),
    a: () => usable && verbs?.resolve && openPanel('resolve'),
    n: () => usable && alarm && openPanel('note'),
    m: () => sound.pause(),
    t: () => sound.heard.audio !== 'off' && sound.test(),
    '?': () => setHelp((on) => !on),
    arrowdown: () => move(1),
    arrowup: () => move(-1),
    escape: () => {
      if (help) setHelp(false)
      else if (alarm && drafts.has(alarm.id)) setDraft(alarm.id, null)
      else setOpen(false)
    },
  })

  return (
    <PlacesContext value={places}>
      <Bar session={session} theme={theme} sound={sound} help={help} onHelp={() => setHelp(!help)} onLeave={onLeave} />
      <Banners alarms={live.alarms} sound={sound} />
      <main
        className="desk"
        data-view={open && alarm ? 'detail' : 'list'}
        data-calm={(!alarm && suggestion === null && !help) || undefined}
        data-lost={connection === 'lost' || undefined}
      >
        <AlarmList ref={list} sections={shown} left={left} chosen={chosen} onChoose={choose} />
        <div className="desk-right">
          {help && (
            <Help
              keysOn={keysOn}
              onKeys={(on) => {
                remember('keys', on ? 'on' : 'off')
                setKeysOn(on)
              }}
              onClose={() => setHelp(false)}
            />
          )}
          <Detail
            alarm={alarm}
            me={session.person}
            usable={usable}
            actions={actions}
            draft={(alarm && drafts.get(alarm.id)) ?? null}
            onDraft={setDraft}
            onPanel={openPanel}
            onBack={() => setOpen(false)}
            onChoose={choose}
          />
        </div>
      </main>
      <TechnicalStrip alarms={faults} chosen={chosen} onChoose={choose} />
      <Announcer me={session.person} />
    </PlacesContext>
  )
}

export interface Sound {
  heard: AlarmSound['heard']
  start(): Promise<void>
  test(): void
  pause(): void
}

function useSound(): Sound {
  const [sound] = useState(() => new AlarmSound(store))
  useEffect(() => sound.attach(), [sound])
  const heard = useSyncExternalStore(sound.subscribe, () => sound.heard)
  return useMemo(
    () => ({ heard, start: () => sound.start(), test: () => sound.test(), pause: () => sound.pause() }),
    [sound, heard],
  )
}
