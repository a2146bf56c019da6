import type { EncoderRow } from '../media/encoders.ts'
import type { LadderMode, LadderSource, Rung } from '../media/ladder.ts'
import type { LadderWarning } from './health.ts'
import {
  ASSUMED_CORES_PER_WORK,
  hasRoom,
  judgeLadder,
  ladderWork,
  type Room,
  type RunningLadder,
} from './ladder-room.ts'

/** What the admission reads of the machine. */
export interface Machine {
  cores: number
  busyCores: number | null
}

/** What a ladder makes: the more, the more cores. */
export interface LadderLoad {
  source: LadderSource
  rungs: readonly Rung[]
  row: EncoderRow
}

/** A ladder's place on the machine. Whoever has it says what it sees, and leaves in the end. */
export interface LadderSeat {
  /** What it makes from now on; its cores are an estimate again. */
  makes(load: LadderLoad): void
  /** The processor's cores that its encoder took lately, in real time. */
  took(cores: number): void
  /** Its encoder is below real time. */
  isShort(): void
  /** Whether the machine has room for this load in place of what it makes now. */
  hasRoomFor(load: LadderLoad): boolean
  leave(): void
}

/** A row on the card leaves the processor little more than moving data. */
const LEAST_CORES = 0.1
/** How much a new measurement counts. */
const LEARNING = 0.1
/** A picture that stands still costs next to nothing, but won't for ever. */
const LEAST_CORES_PER_WORK = ASSUMED_CORES_PER_WORK / 3

/** Who may have a ladder on this machine (MEDIA.md 19). All streams of a node share one. */
export class LadderAdmission {
  readonly #machine: Machine
  readonly #nowMs: () => number
  readonly #ladders = new Set<RunningLadder>()
  #coresPerWork = ASSUMED_CORES_PER_WORK

  constructor(machine: Machine, nowMs: () => number) {
    this.#machine = machine
    this.#nowMs = nowMs
  }

  /** A place for a new ladder, or why there is none. */
  enter(mode: Exclude<LadderMode, 'off'>, load: LadderLoad): LadderSeat | LadderWarning {
    const cores = this.#coresOf(load)
    return judgeLadder(mode, cores, this.#room(), this.#nowMs()) ?? this.#seat(load)
  }

  #seat(first: LadderLoad): LadderSeat {
    let load = first
    const ladder: RunningLadder = { cores: this.#coresOf(load), measured: false, shortAtMs: null }
    this.#ladders.add(ladder)
    return {
      makes: (next) => {
        load = next
        ladder.cores = this.#coresOf(load)
        ladder.measured = false
      },
      took: (cores) => {
        ladder.cores = cores
        ladder.measured = true
        const work = ladderWork(load.source, load.rungs, load.row)
        // What an encoder takes that gets too little isn't what it needs.
        if (ladder.shortAtMs === null && work > 0) this.#learn(cores / work)
      },
      isShort: () => {
        ladder.shortAtMs = this.#nowMs()
      },
      hasRoomFor: (next) =>
        hasRoom(Math.max(0, this.#coresOf(next) - ladder.cores), this.#room(), this.#nowMs()),
      leave: () => {
        this.#ladders.delete(ladder)
      },
    }
  }

  #learn(coresPerWork: number): void {
    const learnt = this.#coresPerWork + LEARNING * (coresPerWork - this.#coresPerWork)
    this.#coresPerWork = Math.max(LEAST_CORES_PER_WORK, learnt)
  }

  #coresOf({ source, rungs, row }: LadderLoad): number {
    return Math.max(LEAST_CORES, ladderWork(source, rungs, row) * this.#coresPerWork)
  }

  #room(): Room {
    const { cores, busyCores } = this.#machine
    return { cores, busyCores, ladders: [...this.#ladders] }
  }
}
