/**
 * The one WebSocket of a page: opens it, asks for what came after our position, opens it again when it ends or falls
 * silent. It hands frames on and knows nothing of what they mean.
 */
import { pause, RENEW_AFTER, type Link } from './connection'
import type { Frame, Here } from './contract'

export interface Listener {
  frame(frame: Frame, local: number): void
  /** The link opened, closed or was renewed. */
  linked(): void
  /** The server closed a connection before saying anything: perhaps we are signed out. */
  refused(): void
}

export class Feed {
  readonly link: Link = { lastFrame: performance.now(), heard: false, open: false }
  private socket: WebSocket | null = null
  /** When the connection of now was asked for: a try may hang without ever failing. */
  private begun = 0
  private tries = 0
  /** Which log our position is in: another one after a restore. It is so from the first frame after the greeting on. */
  private log: string | undefined
  private greeted: string | undefined
  private retry: ReturnType<typeof setTimeout> | undefined
  private watch: ReturnType<typeof setInterval> | undefined

  constructor(
    private readonly listener: Listener,
    private readonly position: () => number | null,
  ) {}

  start(): void {
    if (this.watch !== undefined) return
    this.link.lastFrame = performance.now()
    this.watch = setInterval(() => this.look(), 1_000)
    window.addEventListener('online', this.hurry)
    this.open()
  }

  stop(): void {
    clearInterval(this.watch)
    clearTimeout(this.retry)
    this.watch = undefined
    window.removeEventListener('online', this.hurry)
    this.drop()
  }

  /** Says of this page what it is as a console, where a connection is open. */
  say(here: Here): void {
    if (this.link.open) this.socket?.send(JSON.stringify({ type: 'here', ...here }))
  }

  private open(): void {
    const after = this.position()
    const url = new URL('/v1/live', location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    if (after !== null) url.searchParams.set('after', String(after))
    if (after !== null && this.log) url.searchParams.set('log', this.log)
    const socket = new WebSocket(url)
    let heard = false
    this.socket = socket
    this.begun = performance.now()
    socket.onmessage = (message: MessageEvent<string>) => {
      heard = true
      this.tries = 0
      this.link.lastFrame = performance.now()
      this.link.heard = true
      this.link.open = true
      const frame = JSON.parse(message.data) as Frame
      if (frame.type === 'hello') this.greeted = frame.log
      else this.log = this.greeted
      this.listener.frame(frame, this.link.lastFrame)
    }
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.drop()
      if (!heard) this.listener.refused()
      this.again()
    }
  }

  private look(): void {
    if (!this.socket) return
    const since = Math.max(this.link.lastFrame, this.begun)
    if (performance.now() - since < RENEW_AFTER) return
    this.drop()
    this.again()
  }

  private again(): void {
    clearTimeout(this.retry)
    this.retry = setTimeout(() => this.open(), pause(this.tries))
    this.tries += 1
    this.listener.linked()
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    this.link.open = false
    if (!socket) return
    socket.onmessage = null
    socket.onclose = null
    socket.close()
  }

  private readonly hurry = (): void => {
    if (this.socket) return
    this.tries = 0
    this.again()
  }
}
