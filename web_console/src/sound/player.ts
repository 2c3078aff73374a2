/**
 * The loudspeaker of this page. Silent until somebody clicks (browsers demand it); from then on a loop runs on the
 * browser's audio thread as long as it is wanted, and a watch looks each five seconds whether the audio clock moves.
 * What it does is told on the document element (`data-audio`, `data-tone`, `data-rms`), so that it can be seen.
 */
import { PATTERNS, samples, sounding, type Tone } from './tones'

export type AudioState = 'off' | 'running' | 'stopped'

const WATCH_EVERY = 5_000
const MEASURE_EVERY = 200

export class Player {
  state: AudioState = 'off'
  private context: AudioContext | null = null
  private output: AnalyserNode | null = null
  private readonly buffers = new Map<Tone, AudioBuffer>()
  private loop: { tone: Tone; source: AudioBufferSourceNode } | null = null
  private singles: AudioBufferSourceNode[] = []
  private lastTime = -1
  private readonly listeners = new Set<() => void>()

  constructor() {
    this.show()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Must run inside a click or key press. Safe to call again, also to revive audio that the browser stopped. */
  async unlock(): Promise<void> {
    if (!this.context) this.begin()
    await this.context?.resume()
    this.watch()
  }

  /** Sounds this tone over and over; null: nothing. The same tone goes on without a break. */
  play(tone: Tone | null): void {
    if ((this.loop?.tone ?? null) === tone || !this.context) return
    this.loop?.source.stop()
    for (const source of this.singles.splice(0)) source.stop()
    this.loop = tone ? { tone, source: this.source(tone, true, 0) } : null
    this.show()
  }

  /** Sounds each tone once, one after the other. Nothing while a loop runs, which also cuts this short. */
  once(...tones: readonly Tone[]): void {
    if (!this.context || this.loop) return
    for (const source of this.singles.splice(0)) source.stop()
    let delay = 0
    for (const tone of tones) {
      this.singles.push(this.source(tone, false, delay))
      delay += sounding(PATTERNS[tone]) + 0.5
    }
  }

  private begin(): void {
    const context = new AudioContext()
    this.context = context
    this.output = context.createAnalyser()
    this.output.fftSize = 2048
    this.output.connect(context.destination)
    context.onstatechange = () => this.watch()
    setInterval(() => this.watch(true), WATCH_EVERY)
    setInterval(() => this.measure(), MEASURE_EVERY)
  }

  private source(tone: Tone, loop: boolean, delay: number): AudioBufferSourceNode {
    if (!this.context || !this.output) throw new Error('no sound before the first click')
    const source = this.context.createBufferSource()
    source.buffer = this.buffer(this.context, tone)
    source.loop = loop
    source.connect(this.output)
    source.start(this.context.currentTime + delay)
    return source
  }

  private buffer(context: AudioContext, tone: Tone): AudioBuffer {
    const had = this.buffers.get(tone)
    if (had) return had
    const turn = samples(PATTERNS[tone], context.sampleRate)
    const made = context.createBuffer(1, turn.length, context.sampleRate)
    made.copyToChannel(turn, 0)
    this.buffers.set(tone, made)
    return made
  }

  /** `clock`: enough time has gone since the last look for the audio clock to have moved. */
  private watch(clock = false): void {
    if (!this.context) return
    const stuck = clock && this.context.currentTime === this.lastTime
    if (clock) this.lastTime = this.context.currentTime
    const state = this.context.state === 'running' && !stuck ? 'running' : 'stopped'
    if (state === this.state) return
    this.state = state
    this.show()
    for (const listener of this.listeners) listener()
  }

  private measure(): void {
    if (!this.output) return
    const wave = new Float32Array(this.output.fftSize)
    this.output.getFloatTimeDomainData(wave)
    const power = wave.reduce((sum, value) => sum + value * value, 0) / wave.length
    const rms = Math.sqrt(power).toFixed(3)
    const { dataset } = document.documentElement
    if (dataset.rms !== rms) dataset.rms = rms
  }

  private show(): void {
    const { dataset } = document.documentElement
    dataset.audio = this.state
    dataset.tone = this.loop?.tone ?? 'none'
  }
}
