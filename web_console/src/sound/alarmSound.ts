/**
 * What this console lets people hear, and that the server knows whether it can be heard: joins the live store to the
 * player. Runs in the very moment of a frame, so a tone never waits for a timer of a hidden tab. Pausing is no answer:
 * the alarm stays unanswered, and a new one breaks it.
 */
import type { AlarmEvent } from '../live/contract'
import type { LiveStore } from '../live/store'
import { Player, type AudioState } from './player'
import { calls, isHeard, LONGEST_PAUSE, LOST_TONE_AFTER, wanted } from './wanted'
import { isTechnical } from '../live/order'

export interface Heard {
  readonly audio: AudioState
  /** Local milliseconds (`performance.now()`) when a pause ends; null: no pause. */
  readonly pausedUntil: number | null
  /** An alarm tone is sounding. */
  readonly calling: boolean
}

export class AlarmSound {
  heard: Heard = { audio: 'off', pausedUntil: null, calling: false }
  private readonly player = new Player()
  private readonly listeners = new Set<() => void>()

  constructor(private readonly store: LiveStore) {}

  /** Begins to listen; the returned function ends it. */
  attach(): () => void {
    const timer = setInterval(this.judge, 500)
    const undo = [this.store.watch(this.judge), this.store.onEvents(this.notice), this.player.subscribe(this.judge)]
    return () => {
      clearInterval(timer)
      for (const each of undo) each()
      this.player.play(null)
      this.store.here(null)
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** The click that begins a shift, or revives audio that stopped: the alarm tone is heard once as a proof. */
  async start(): Promise<void> {
    await this.player.unlock()
    this.player.once('person')
    this.judge()
  }

  test(): void {
    this.player.once('person', 'technical', 'lost')
  }

  pause(): void {
    if (this.heard.audio === 'off') return
    this.tell({ pausedUntil: performance.now() + LONGEST_PAUSE })
    this.judge()
  }

  private readonly judge = (): void => {
    const { pausedUntil } = this.heard
    const paused = pausedUntil !== null && performance.now() < pausedUntil
    const lost = this.store.silence() > LOST_TONE_AFTER
    const tone = wanted(this.store.view.live.alarms.values(), lost)
    this.player.play(paused ? null : tone)
    const calling = !paused && (tone === 'person' || tone === 'person_fast')
    this.tell({ audio: this.player.state, pausedUntil: paused ? pausedUntil : null, calling })
    this.store.here({ armed: this.player.state === 'running', visible: document.visibilityState === 'visible' })
  }

  private readonly notice = (events: readonly AlarmEvent[]): void => {
    for (const event of events) {
      const alarm = this.store.view.live.alarms.get(event.alarm)
      if (!alarm) continue
      const pressed = event.kind === 'raised' || event.kind === 'joined' || event.kind === 'upgraded'
      if (pressed && event.data.sounds && isTechnical(alarm)) this.player.once('technical')
      if (pressed && event.data.sounds && isHeard(alarm)) this.player.once('person')
      if ((event.kind === 'raised' || event.kind === 'upgraded' || event.kind === 'lapsed') && calls(alarm)) this.tell({ pausedUntil: null })
    }
    this.judge()
  }

  private tell(part: Partial<Heard>): void {
    const next = { ...this.heard, ...part }
    const same = next.audio === this.heard.audio && next.pausedUntil === this.heard.pausedUntil && next.calling === this.heard.calling
    if (same) return
    this.heard = next
    for (const listener of this.listeners) listener()
  }
}
