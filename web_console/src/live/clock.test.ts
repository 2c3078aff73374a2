import { describe, expect, it } from 'vitest'
import { ServerClock } from './clock'
import { connection, pause } from './connection'

describe('the server clock', () => {
  it('believes this machine only until the first frame', () => {
    const clock = new ServerClock()
    expect(clock.now(100, 7)).toBe(7)
    clock.observe(1_000_000, 100)
    expect(clock.now(600, 7)).toBe(1_000_500)
  })

  it('trusts the quickest frame, and nothing that is no time', () => {
    const clock = new ServerClock()
    clock.observe(10_000, 1_000 + 400)
    clock.observe(15_000, 6_000 + 20)
    clock.observe(20_000, 11_000 + 300)
    clock.observe(Number.NaN, 12_000)
    expect(clock.now(12_020, 0)).toBe(21_000)
  })

  it('follows within a minute of heartbeats when the clocks drift apart, and at once when this machine slept', () => {
    const clock = new ServerClock()
    clock.observe(10_000, 0)
    for (let i = 0; i < 12; i++) clock.observe(i * 5_000, i * 5_000)
    expect(clock.now(60_000, 0)).toBe(60_000)
    clock.observe(3_600_000, 60_000)
    expect(clock.now(60_000, 0)).toBe(3_600_000)
  })
})

describe('the connection', () => {
  const at = (age: number, open = true, heard = true) => connection({ lastFrame: 0, heard, open }, age)

  it('is judged by the age of the last frame', () => {
    expect([at(0), at(7_000), at(7_001), at(15_000), at(15_001)]).toEqual(['live', 'live', 'slow', 'slow', 'lost'])
  })

  it('is slow as soon as the socket closed, and lost when the first frame never comes', () => {
    expect([at(100, false), at(100, false, false), at(15_001, false, false)]).toEqual(['slow', 'connecting', 'lost'])
  })

  it('is tried again at once, then at growing intervals of at most 2 s', () => {
    expect([0, 1, 2, 3, 4, 5, 40].map(pause)).toEqual([0, 250, 500, 1_000, 2_000, 2_000, 2_000])
  })
})
