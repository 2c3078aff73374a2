/**
 * PURE. The tones as numbers: which pulses, and the samples they make. A pattern is one whole turn of a loop, silence
 * included, so that the browser's audio thread repeats it without any timer of ours.
 */

export type Tone = 'person' | 'person_fast' | 'overdue' | 'technical' | 'lost'

interface Pulse {
  /** Seconds from the start of the turn. */
  at: number
  length: number
  /** Hertz at the start and at the end of the pulse. */
  from: number
  to: number
}

export interface Pattern {
  pulses: readonly Pulse[]
  /** Seconds of one turn. */
  every: number
  /** Peak, 0 to 1. */
  level: number
}

const PULSE = 0.12
const GAP = 0.19

/** Twice five pulses, the way high-priority medical alarms sound. */
const FIVE_AND_FIVE = [...five(0), ...five(5 * GAP + 0.35)]

export const PATTERNS: Record<Tone, Pattern> = {
  person: { pulses: FIVE_AND_FIVE, every: 5, level: 0.8 },
  person_fast: { pulses: FIVE_AND_FIVE, every: 2.5, level: 0.9 },
  overdue: { pulses: [0, 1, 2].map((i) => pulse(i * 0.35, 0.2, 660)), every: 15, level: 0.6 },
  technical: { pulses: [pulse(0, 0.35, 440)], every: 1, level: 0.4 },
  lost: { pulses: [{ at: 0, length: 1.2, from: 620, to: 240 }], every: 10, level: 0.6 },
}

/** One turn of a pattern as mono samples. */
export function samples({ pulses, every, level }: Pattern, rate: number): Float32Array<ArrayBuffer> {
  const turn = new Float32Array(Math.round(every * rate))
  for (const each of pulses) write(turn, each, level, rate)
  return turn
}

/** Seconds until the last pulse has ended. */
export function sounding({ pulses }: Pattern): number {
  return Math.max(...pulses.map((each) => each.at + each.length))
}

function write(turn: Float32Array, { at, length, from, to }: Pulse, level: number, rate: number): void {
  const start = Math.round(at * rate)
  const count = Math.round(length * rate)
  let phase = 0
  for (let i = 0; i < count && start + i < turn.length; i++) {
    const along = i / count
    phase += (2 * Math.PI * (from + (to - from) * along)) / rate
    // Overtones carry through a room and reach ears that hear little above 2 kHz.
    const wave = (Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.25 * Math.sin(3 * phase)) / 1.75
    turn[start + i] = level * wave * edge(i / rate, (count - i) / rate)
  }
}

/** Rounds the ends of a pulse over 10 ms, so that it does not click. */
function edge(since: number, until: number): number {
  return Math.min(1, since / 0.01, until / 0.01)
}

function pulse(at: number, length: number, hertz: number): Pulse {
  return { at, length, from: hertz, to: hertz }
}

function five(start: number): Pulse[] {
  return [784, 784, 988, 784, 988].map((hertz, i) => pulse(start + i * GAP, PULSE, hertz))
}
