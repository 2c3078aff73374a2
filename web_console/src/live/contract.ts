/**
 * What the server says, as types: the HTTP bodies and WebSocket frames of the published contract.
 * Written by hand in one file, so that it can be replaced by generated types in one step. No behaviour here.
 */

export type AlarmState = 'raised' | 'acknowledged' | 'attended' | 'resolved' | 'cancelled'
export type Kind = 'panic' | 'duress' | 'assist' | 'medical' | 'lone_worker' | 'technical' | 'test'
export type ResponderState = 'acknowledged' | 'en_route' | 'arrived' | 'declined'
export type Outcome = 'real' | 'false' | 'mistake' | 'test'
export type AttemptState =
  | 'queued'
  | 'shown'
  | 'accepted'
  | 'delivered'
  | 'answered'
  | 'failed'
  | 'unknown'
  | 'withdrawn'
  | 'seen'

/** RFC 3339, UTC, milliseconds. */
export type Timestamp = string

export type Actor =
  | { person: string; name: string; channel: string }
  | { device: string }
  | { system: string }

/** The chain's clock: the next undone step. No `at`: the clock stands, because enough are coming. */
export interface Next {
  at: Timestamp | null
  step: number
  round: number
}

export interface Responder {
  person: string
  state: ResponderState
  at: Timestamp
  counts: boolean
  arrive_by: Timestamp | null
}

export interface Alarm {
  id: string
  state: AlarmState
  kind: Kind
  /** None on a technical alarm that belongs to no site. */
  site: string | null
  zone: string | null
  device: string | null
  drill: boolean
  opened_at: Timestamp
  changed_at: Timestamp
  presses: number
  version: number
  needed: number
  responders: Responder[]
  next: Next | null
  outcome: Outcome | null
  by: Actor | null
  note: string | null
  cause: string | null
  /** The alarm to which the one who opened this was on his way: a helper who needs help himself. */
  linked: string | null
  /** Somebody cancelled it by his duress PIN: it goes on. */
  coerced: boolean
}

export interface Attempt {
  id: string
  channel: string
  state: AttemptState
  at: Timestamp
  why: string | null
}

export interface Notification {
  id: string
  person: string
  step: number
  round: number
  purpose: 'step' | 'all_clear'
  attempts: Attempt[]
}

export interface PlannedStep {
  step: number
  at: Timestamp
  tell: { person: string; by: string[] }[]
}

export interface AlarmDetails extends Alarm {
  timeline: AlarmEvent[]
  notifications: Notification[]
  plan: PlannedStep[]
}

export interface Raising {
  signal: string
  ref: string | null
  device: string | null
  zone: string | null
  kind: Kind
  note: string | null
  pressed_at: Timestamp | null
  drill: boolean
  sounds: boolean
  fault: string | null
  next: Next | null
  needed?: number
  cause?: string | null
  linked?: string | null
  /** joined: why the chain's clock goes on. */
  reason?: string | null
  /** upgraded: which of those who answered count under the new chain. */
  counts?: string[]
  /** upgraded: until when each of those has promised to be there. */
  arrive_by?: Record<string, Timestamp>
  /** upgraded: by a duress PIN, and to whom it is said to be over. */
  pin?: boolean
  over_for?: string[]
}

export interface Answering {
  person: string
  counts: boolean
  arrive_by: Timestamp | null
  next: Next | null
}

/** What each kind of event carries; a kind that we do not know is kept in the timeline and changes nothing. */
export interface EventData {
  raised: Raising
  joined: Raising
  upgraded: Raising
  step_due: { step: number; round: number; reason: string; tell: string[]; next: Next | null; late?: number }
  notified: {
    notification: string
    person: string
    step: number
    round: number
    purpose: 'step' | 'all_clear'
    reason: string
    attempts: { id: string; channel: string }[]
  }
  receipt: {
    notification: string
    attempt: string
    person: string
    channel: string
    state: AttemptState
    why: string | null
  }
  acknowledged: Answering
  en_route: Answering
  arrived: Answering
  declined: Answering & { reason?: string }
  lapsed: { people: string[]; reason: string; next: Next | null }
  escalated: { reason: string; step: number; next: Next | null }
  attended: Record<string, never>
  noted: { text?: string; fault?: string }
  resolved: { outcome: Outcome; reason: string | null }
  cancelled: { reason: string | null; pin?: boolean }
}

export type EventKind = keyof EventData

export type AlarmEvent = {
  [K in EventKind]: {
    position: number
    alarm: string
    kind: K
    at: Timestamp
    by: Actor
    state: AlarmState
    site: string | null
    data: EventData[K]
  }
}[EventKind]

/** What is wrong with the node that we are connected to. */
export interface Trouble {
  cause: string
  text: string
  since: Timestamp
}

/** How many consoles there are on all nodes. Not complete: another node may have more. */
export interface Consoles {
  open: number
  armed: number
  complete: boolean
}

/** What a console says of itself over the feed. */
export interface Here {
  armed: boolean
  visible: boolean
}

export type Frame =
  | { type: 'hello'; position: number; node: string; time: Timestamp; log?: string; unwell?: Trouble[]; consoles?: Consoles }
  | { type: 'snapshot'; position: number; alarms: Alarm[] }
  | { type: 'events'; position: number; events: AlarmEvent[] }
  | { type: 'beat'; position: number; time: Timestamp; unwell?: Trouble[]; consoles?: Consoles }

export interface Session {
  person: string
  name: string
  roles: string[]
  language: string
  expires: Timestamp
}

export interface Zone {
  id: string
  name: string
  floor: string | null
  way: string | null
  area: [number, number, number, number] | null
  audible_to: string[]
}

export interface Site {
  id: string
  name: string
  address: string | null
  emergency_number: string
  zones: Zone[]
}

export interface Device {
  id: string
  zone: string
  kind: Kind
  pin: [number, number] | null
}

export interface Person {
  id: string
  name: string
  roles: string[]
  at: string | null
}

export interface Organisation {
  version: number
  name: string
  language: string
  time_zone: string
  sites: Site[]
  devices: Device[]
  people: Person[]
}

export interface Received {
  signal: string
  alarm: string
  joined: boolean
  state: AlarmState
}

export type Verb =
  | 'acknowledge'
  | 'en_route'
  | 'arrived'
  | 'decline'
  | 'resolve'
  | 'cancel'
  | 'note'
  | 'escalate'
