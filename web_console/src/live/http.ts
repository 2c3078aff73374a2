/**
 * One request to the server and every way it can end, as a value: nobody who calls it can forget that it may fail.
 * Same origin only; the session cookie goes along by itself.
 */
import type { Alarm } from './contract'

export type Failure =
  | { why: 'no_answer' }
  | { why: 'signed_out' }
  | { why: 'forbidden' }
  | { why: 'conflict'; alarm: Alarm | null }
  | { why: 'refused'; status: number }
  | { why: 'too_often' }
  | { why: 'trouble'; status: number }

export type Answer<T> = { ok: true; body: T } | ({ ok: false } & Failure)

const PATIENCE = 8_000

export interface Asked {
  method?: 'GET' | 'POST' | 'DELETE'
  body?: unknown
  /** Milliseconds before an answer that does not come counts as none. */
  patience?: number
}

export async function ask<T>(path: string, { method = 'GET', body, patience = PATIENCE }: Asked = {}): Promise<Answer<T>> {
  const init: RequestInit = { method, signal: AbortSignal.timeout(patience), cache: 'no-store' }
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { 'Content-Type': 'application/json' }
  }
  try {
    const response = await fetch(path, init)
    const told: unknown = response.status === 204 ? null : await response.json().catch(() => null)
    return response.ok ? { ok: true, body: told as T } : { ok: false, ...failure(response.status, told) }
  } catch {
    // fetch rejects for exactly two reasons, no connection and our own patience: both mean that nothing was heard.
    return { ok: false, why: 'no_answer' }
  }
}

/** What the server says in words is English and for whoever writes a client: pages choose their words by the status. */
interface Problem {
  alarm?: Alarm
}

function failure(status: number, told: unknown): Failure {
  const problem: Problem = typeof told === 'object' && told !== null ? told : {}
  if (status === 401) return { why: 'signed_out' }
  if (status === 403) return { why: 'forbidden' }
  if (status === 409) return { why: 'conflict', alarm: problem.alarm ?? null }
  if (status === 429) return { why: 'too_often' }
  if (status >= 400 && status < 500) return { why: 'refused', status }
  return { why: 'trouble', status }
}
