import { readFileSync } from 'node:fs'
import { availableParallelism, type CpuInfo, cpus } from 'node:os'

const LOOK_EVERY_MS = 2_000
/** Clock ticks per second of /proc: 100 on every Linux. */
const TICKS = 100

type Times = CpuInfo['times']

/** Cores that were busy between two looks at the machine's processors. */
export function busyCoresBetween(before: readonly Times[], after: readonly Times[]): number {
  const sum = (times: readonly Times[], pick: (time: Times) => number) =>
    times.reduce((all, time) => all + pick(time), 0)
  const total = ({ user, nice, sys, idle, irq }: Times) => user + nice + sys + idle + irq
  const passed = sum(after, total) - sum(before, total)
  const idle = sum(after, (time) => time.idle) - sum(before, (time) => time.idle)
  return passed > 0 ? Math.max(0, 1 - idle / passed) * after.length : 0
}

/** Looks at the machine's processors now and then. Its owner closes it. */
export class MachineLoad {
  readonly cores = availableParallelism()
  readonly #timer: NodeJS.Timeout
  #before = look()
  #busyCores: number | null = null

  constructor() {
    this.#timer = setInterval(() => {
      const after = look()
      this.#busyCores = busyCoresBetween(this.#before, after)
      this.#before = after
    }, LOOK_EVERY_MS)
    this.#timer.unref()
  }

  /**
   * Cores that were busy in the last seconds with whatever runs here. Null before that is known, and where our share of
   * the machine is less than the machine (a container's quota): its load says nothing about our share then.
   */
  get busyCores(): number | null {
    return this.cores < this.#before.length ? null : this.#busyCores
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

/** Processor time of a process so far, in seconds; null where that can't be told (no /proc, or it has ended). */
export function processorSeconds(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return Number.isFinite(ticks) ? ticks / TICKS : null
  } catch {
    return null
  }
}

function look(): Times[] {
  return cpus().map(({ times }) => times)
}
