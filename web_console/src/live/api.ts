/** The server's routes that the pages use, each as one function. */
import type { Alarm, AlarmDetails, Organisation, Received, Session, Verb } from './contract'
import { ask, type Answer } from './http'

export const whoAmI = (): Promise<Answer<Session>> => ask('/v1/session')

export const signIn = (person: string, password: string): Promise<Answer<Session>> =>
  ask('/v1/session', { method: 'POST', body: { person, password } })

export const signOut = (): Promise<Answer<null>> => ask('/v1/session', { method: 'DELETE' })

export const organisation = (): Promise<Answer<Organisation>> => ask('/v1/organisation')

export const closedAlarms = (): Promise<Answer<{ alarms: Alarm[] }>> => ask('/v1/alarms?state=closed')

export const alarmDetails = (id: string): Promise<Answer<AlarmDetails>> => ask(`/v1/alarms/${encodeURIComponent(id)}`)

export const act = (id: string, verb: Verb, body: Record<string, string> = {}): Promise<Answer<Alarm>> =>
  ask(`/v1/alarms/${encodeURIComponent(id)}/${verb}`, { method: 'POST', body })

export interface Press {
  zone: string
  kind: 'panic' | 'duress'
  ref: string
}

export const press = (body: Press, patience: number): Promise<Answer<Received>> =>
  ask('/v1/signals', { method: 'POST', body, patience })
