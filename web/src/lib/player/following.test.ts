import { describe, expect, it } from 'vitest'
import {
  beginWaiting,
  endWaiting,
  type Following,
  isAtLive,
  type LiveClock,
  look,
  moved,
  startFollowing,
} from './following.ts'

const HOLD_BACK_S = 0.63
const PART_S = 0.2
const TICK_MS = 50
const LOOK_MS = 250

/** A stream of 200 ms parts, a link and an element, in steps of 50 ms. */
class Theatre {
  state: Following = startFollowing
  nowMs = 0
  positionS = 100 - HOLD_BACK_S
  jumps = 0
  /** When the link is held up, until when. */
  #heldUntilMs = -1
  #arrivedS = 100
  #listedAtMs = 0
  #waiting = false
  isPaused = false

  /** Nothing comes through for so long. */
  hold(forMs: number): void {
    this.#heldUntilMs = this.nowMs + forMs
  }

  run(forMs: number): this {
    for (const end = this.nowMs + forMs; this.nowMs < end; ) this.#step()
    return this
  }

  /** The machine sleeps: the stream goes on, nothing here does. */
  sleep(forMs: number): this {
    this.nowMs += forMs
    return this
  }

  get clock(): LiveClock {
    const stillMs = this.nowMs - this.#listedAtMs
    return { edgeS: this.#arrivedS + Math.min(stillMs / 1000, 2 * PART_S), holdBackS: HOLD_BACK_S, stillMs }
  }

  get latencyS(): number {
    return 100 + this.nowMs / 1000 - this.positionS
  }

  seek(toS: number): void {
    this.state = moved(this.state, this.clock, this.positionS, toS)
    this.positionS = toS
    this.#waiting = false
  }

  #step(): void {
    this.nowMs += TICK_MS
    const madeS = Math.floor((100 + this.nowMs / 1000) / PART_S + 1e-9) * PART_S
    if (this.nowMs >= this.#heldUntilMs && madeS > this.#arrivedS + 1e-9) {
      this.#arrivedS = madeS
      this.#listedAtMs = this.nowMs
    }
    if (!this.isPaused) this.#play()
    if (this.nowMs % LOOK_MS === 0) this.#look()
  }

  #play(): void {
    const nextS = this.positionS + (this.state.rate * TICK_MS) / 1000
    const canPlay = nextS <= this.#arrivedS + 1e-9
    if (canPlay && this.#waiting) this.state = endWaiting(this.state, this.nowMs)
    if (!canPlay && !this.#waiting)
      this.state = beginWaiting(this.state, this.nowMs, this.#arrivedS - this.positionS)
    this.#waiting = !canPlay
    if (canPlay) this.positionS = nextS
  }

  #look(): void {
    const bufferS = this.#arrivedS - this.positionS
    const { next, jump } = look(this.state, {
      nowMs: this.nowMs,
      live: this.clock,
      positionS: this.positionS,
      bufferS,
      isHeld: this.isPaused,
    })
    this.state = next
    if (!jump) return
    this.jumps++
    this.seek(this.clock.edgeS - next.targetS)
  }
}

describe('a viewer of live', () => {
  it('stays where the playlist recommends while nothing happens', () => {
    const theatre = new Theatre().run(60_000)
    expect(theatre.latencyS).toBeCloseTo(HOLD_BACK_S, 0)
    expect(theatre.state).toMatchObject({ stalls: 0, isFollowing: true, margin: { extraS: 0 } })
    expect(theatre.jumps).toBe(0)
  })

  it('comes back to the target after a stall that is not repeated', () => {
    const theatre = new Theatre().run(1_000)
    theatre.hold(2_000)
    theatre.run(4_000)
    expect(theatre.state.stalls).toBe(1)
    expect(theatre.latencyS).toBeGreaterThan(1.5)
    theatre.run(90_000)
    expect(theatre.latencyS).toBeCloseTo(HOLD_BACK_S, 0)
    expect(theatre.state).toMatchObject({ stalls: 1, rate: 1 })
    expect(theatre.jumps).toBe(0)
  })

  it('moves away from live until holds of the network are bridged, and back when they are over', () => {
    const theatre = new Theatre()
    const stallsIn = (rounds: number) => {
      const before = theatre.state.stalls
      for (let round = 0; round < rounds; round++) {
        theatre.hold(1_000)
        theatre.run(6_000)
      }
      return theatre.state.stalls - before
    }
    const first = stallsIn(5)
    expect(first).toBeGreaterThan(0)
    expect(stallsIn(3)).toBeLessThan(2)
    expect(theatre.state.targetS).toBeGreaterThan(HOLD_BACK_S)
    theatre.run(300_000)
    expect(theatre.state.targetS).toBeCloseTo(HOLD_BACK_S, 1)
    expect(theatre.latencyS).toBeCloseTo(HOLD_BACK_S, 0)
  })

  it('jumps to live after an outage, once, and does not stay further back for it', () => {
    const theatre = new Theatre().run(1_000)
    theatre.hold(8_000)
    theatre.run(12_000)
    expect(theatre.jumps).toBe(1)
    expect(theatre.latencyS).toBeLessThan(1.2)
    expect(theatre.state.margin.extraS).toBe(0)
  })

  it('jumps to live when the machine was asleep', () => {
    const theatre = new Theatre().run(1_000).sleep(40_000).run(2_000)
    expect(theatre.jumps).toBe(1)
    expect(theatre.latencyS).toBeLessThan(1.2)
  })

  it('waits at the end of a stream that stands still, without jumping', () => {
    const theatre = new Theatre().run(1_000)
    theatre.hold(60_000)
    theatre.run(59_000)
    expect(theatre.jumps).toBe(0)
    expect(isAtLive(theatre.state)).toBe(true)
  })

  it('is left alone after going back in time, until coming near live again', () => {
    const theatre = new Theatre().run(1_000)
    theatre.seek(theatre.positionS - 10)
    theatre.run(20_000)
    expect(theatre.state).toMatchObject({ isFollowing: false, rate: 1 })
    expect(theatre.latencyS).toBeCloseTo(10 + HOLD_BACK_S, 0)
    expect(isAtLive(theatre.state)).toBe(false)
    theatre.seek(theatre.clock.edgeS - 1)
    theatre.run(20_000)
    expect(theatre.state.isFollowing).toBe(true)
    expect(theatre.latencyS).toBeCloseTo(HOLD_BACK_S, 0)
  })

  it('goes on where it was after a long pause, and catches up after a short one', () => {
    const pause = (forMs: number) => {
      const theatre = new Theatre().run(1_000)
      theatre.isPaused = true
      theatre.run(forMs)
      theatre.isPaused = false
      theatre.seek(theatre.positionS)
      return theatre.run(60_000)
    }
    const long = pause(20_000)
    expect(long.state.isFollowing).toBe(false)
    expect(long.latencyS).toBeGreaterThan(19)
    expect(pause(2_000).latencyS).toBeCloseTo(HOLD_BACK_S, 0)
  })

  it('is not moved away from live by a machine that is too busy to play what it has', () => {
    const halted = (bufferS: number) => endWaiting(beginWaiting(startFollowing, 0, bufferS), 300)
    expect(halted(0.51)).toMatchObject({ stalls: 1, margin: { extraS: 0 } })
    expect(halted(0.49)).toMatchObject({ stalls: 1, margin: { extraS: 0.25 } })
  })

  it('hung up on something while media comes, it jumps past it', () => {
    let state = beginWaiting(startFollowing, 0, 0)
    const sight = {
      live: { edgeS: 103, holdBackS: 0.63, stillMs: 100 },
      positionS: 100,
      bufferS: 0,
      isHeld: false,
    }
    const early = look(state, { ...sight, nowMs: 2_900 })
    expect(early.jump).toBe(false)
    const late = look(early.next, { ...sight, nowMs: 3_100 })
    expect(late.jump).toBe(true)
    state = late.next
    expect(look(state, { ...sight, nowMs: 3_350 }).jump).toBe(false)
  })
})
