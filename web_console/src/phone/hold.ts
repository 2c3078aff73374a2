/**
 * PURE. One hold: begun by a finger, the mouse or a key, done after a while, given up by everything that is not a calm
 * hold: letting go, sliding off, a second finger, anything that takes the screen away.
 */

/** How long one must hold, in milliseconds. */
export const HOLD_FOR = 1_500
/** How far the finger may slide, in CSS pixels. */
export const SLACK = 40

export type Hold =
  | { is: 'idle' }
  | { is: 'holding'; by: string; x: number; y: number; since: number }
  | { is: 'done' }
  | { is: 'aborted' }

export type Touch =
  | { type: 'press'; by: string; x: number; y: number; at: number }
  | { type: 'move'; by: string; x: number; y: number }
  | { type: 'release'; by: string }
  | { type: 'interrupt' }
  | { type: 'look'; at: number }
  | { type: 'rest' }

export function held(hold: Hold, touch: Touch): Hold {
  if (touch.type === 'press') {
    if (hold.is !== 'holding') return { is: 'holding', by: touch.by, x: touch.x, y: touch.y, since: touch.at }
    return hold.by === touch.by ? hold : { is: 'aborted' }
  }
  if (hold.is === 'done' && touch.type === 'rest') return { is: 'idle' }
  if (hold.is !== 'holding') return hold
  switch (touch.type) {
    case 'move': {
      const far = touch.by === hold.by && Math.hypot(touch.x - hold.x, touch.y - hold.y) > SLACK
      return far ? { is: 'aborted' } : hold
    }
    case 'release':
      return touch.by === hold.by ? { is: 'aborted' } : hold
    case 'interrupt':
      return { is: 'aborted' }
    case 'look':
      return touch.at - hold.since >= HOLD_FOR ? { is: 'done' } : hold
    case 'rest':
      return hold
  }
}

/** How much of the hold is done, 0 to 1. */
export function progress(hold: Hold, at: number): number {
  if (hold.is === 'done') return 1
  return hold.is === 'holding' ? Math.min(1, Math.max(0, (at - hold.since) / HOLD_FOR)) : 0
}
