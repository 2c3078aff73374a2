/**
 * The one live store of a page: the feed's frames through the reducer, the server's clock, the state of the
 * connection. Screens read it through hooks; what must happen in the very moment of a frame (sound) listens to events.
 */
import { alarmDetails, closedAlarms, whoAmI } from './api'
import { ServerClock } from './clock'
import { connection, type Connection } from './connection'
import type { Alarm, AlarmEvent, Frame, Here } from './contract'
import { Feed } from './feed'
import { merged, pruned, reduced, START, type LiveState } from './reducer'

/** In a storm the screen is drawn again at most this often, in milliseconds; the first change is drawn at once. */
const DRAW_EVERY = 50

export interface View {
  readonly live: LiveState
  readonly connection: Connection
  /** Server time in milliseconds of the last frame; null before the first. */
  readonly heardAt: number | null
  readonly signedOut: boolean
}

type Change = () => void
type OnEvents = (events: readonly AlarmEvent[]) => void

export class LiveStore {
  view: View = { live: START, connection: 'connecting', heardAt: null, signedOut: false }
  /** What the screens show: the view as it was when they were last told. */
  shown: View = this.view
  private readonly clock = new ServerClock()
  private readonly changes = new Set<Change>()
  private readonly watchers = new Set<Change>()
  private readonly eventListeners = new Set<OnEvents>()
  private readonly feed: Feed
  private person: string | null = null
  private drawn = 0
  private drawing: ReturnType<typeof setTimeout> | undefined
  private judging: ReturnType<typeof setInterval> | undefined
  private asked = new Set<string>()
  private standing: Here | null = null

  constructor() {
    this.feed = new Feed(
      { frame: (frame, local) => this.take(frame, local), linked: () => this.judge(), refused: () => void this.check() },
      () => this.view.live.position,
    )
  }

  /** Begins to listen for this person. What somebody else was shown here before is forgotten. */
  start(person: string): void {
    if (person !== this.person) this.forget()
    this.person = person
    this.feed.start()
    clearInterval(this.judging)
    this.judging = setInterval(() => this.judge(), 500)
    this.set({ signedOut: false, connection: connection(this.feed.link, performance.now()) })
  }

  stop(): void {
    this.feed.stop()
    clearInterval(this.judging)
  }

  /** Stops and forgets: somebody else may sign in at this screen. */
  forget(): void {
    this.stop()
    this.asked = new Set()
    this.set({ live: START, heardAt: null, connection: 'connecting', signedOut: false })
  }

  /** The server no longer knows who we are. What is shown stays as it was until somebody signs in. */
  readonly expire = (): void => {
    this.stop()
    this.set({ signedOut: true })
  }

  /** Server time in milliseconds. */
  readonly now = (): number => this.clock.now(performance.now(), Date.now())

  /** Milliseconds since anything was heard. */
  readonly silence = (): number => performance.now() - this.feed.link.lastFrame

  /** Server time in milliseconds at which the last frame came, or since when we wait for the first. */
  readonly silentSince = (): number => this.now() - this.silence()

  readonly subscribe = (change: Change): (() => void) => {
    this.changes.add(change)
    return () => this.changes.delete(change)
  }

  /** Called at every change at once, also in a hidden tab; `subscribe` is for drawing and may be called a little later. */
  watch(change: Change): () => void {
    this.watchers.add(change)
    return () => this.watchers.delete(change)
  }

  onEvents(listener: OnEvents): () => void {
    this.eventListeners.add(listener)
    return () => this.eventListeners.delete(listener)
  }

  /** What this page is as a console, said when it changes and after each beat; null: it is none. */
  here(standing: Here | null): void {
    const same = standing?.armed === this.standing?.armed && standing?.visible === this.standing?.visible
    this.standing = standing
    if (standing && !same) this.feed.say(standing)
  }

  /** What an HTTP answer said of an alarm. */
  tell(alarms: readonly Alarm[]): void {
    this.set({ live: pruned(merged(this.view.live, alarms), this.now()) })
  }

  private take(frame: Frame, local: number): void {
    if (frame.type === 'hello' || frame.type === 'beat') this.clock.observe(Date.parse(frame.time), local)
    const before = this.view.live
    const live = pruned(reduced(before, frame), this.now())
    this.set({ live, heardAt: this.now(), connection: connection(this.feed.link, local) })
    // Said in the moment of a frame, and by no timer: a page that sleeps must fall silent, a hidden one must not.
    if (this.standing && (frame.type === 'hello' || frame.type === 'beat')) this.feed.say(this.standing)
    if (frame.type === 'snapshot') void this.recent()
    if (frame.type === 'events') this.announce(frame.events, before.position)
    for (const id of live.unknown) void this.fetch(id)
  }

  private announce(events: readonly AlarmEvent[], position: number | null): void {
    const fresh = events.filter((event) => event.position > (position ?? 0))
    for (const listener of this.eventListeners) listener(fresh)
  }

  private async recent(): Promise<void> {
    const answer = await closedAlarms()
    if (answer.ok) this.tell(answer.body.alarms)
  }

  private async fetch(id: string): Promise<void> {
    if (this.asked.has(id)) return
    this.asked.add(id)
    const answer = await alarmDetails(id)
    this.asked.delete(id)
    if (answer.ok) this.tell([answer.body])
  }

  private async check(): Promise<void> {
    const answer = await whoAmI()
    if (answer.ok || answer.why !== 'signed_out') return
    this.expire()
  }

  private judge(): void {
    const now = connection(this.feed.link, performance.now())
    if (now !== this.view.connection) this.set({ connection: now })
  }

  private set(part: Partial<View>): void {
    this.view = { ...this.view, ...part }
    for (const change of this.watchers) change()
    const waited = performance.now() - this.drawn
    if (this.drawing !== undefined) return
    if (waited >= DRAW_EVERY) this.draw()
    else this.drawing = setTimeout(() => this.draw(), DRAW_EVERY - waited)
  }

  private draw(): void {
    this.drawing = undefined
    this.drawn = performance.now()
    this.shown = this.view
    for (const change of this.changes) change()
  }
}

/** The store of this page. */
export const store = new LiveStore()
