import type { Logger } from '../log.ts'

/** Something that is done again and again. */
export interface Chore {
  name: string
  everyMs: number
  run(): Promise<void>
}

export interface Housekeeping {
  /** Waits for chores under way, starts none. */
  close(): Promise<void>
}

/** Does chores, each at its own pace and never twice at once. A chore that fails is logged and done again in its turn. */
export function keepHouse(chores: readonly Chore[], log: Logger): Housekeeping {
  const running = new Map<string, Promise<void>>()
  const timers = chores.map((chore) =>
    setInterval(() => {
      if (running.has(chore.name)) return
      const run = chore
        .run()
        .catch((err: unknown) => log.error({ err, chore: chore.name }, 'a chore failed'))
        .finally(() => running.delete(chore.name))
      running.set(chore.name, run)
    }, chore.everyMs),
  )
  return {
    async close() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running.values())
    },
  }
}
