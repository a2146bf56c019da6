import type { Logger } from '../log.ts'
import { killGroup } from './child.ts'
import { isAlive, type ProcessIdentity } from './process-identity.ts'

const DRAIN_MS = 5000
const POLL_MS = 50

/**
 * Ends what a killed supervisor left behind: two processes on one database would destroy it. Each is asked, waited for,
 * and killed with its group when it takes too long.
 */
export async function endLeftovers(leftovers: readonly ProcessIdentity[], log: Logger): Promise<void> {
  if (leftovers.length === 0) return
  log.warn({ pids: leftovers.map(({ pid }) => pid) }, 'the last run was killed; ending what it left behind')
  for (const { pid } of leftovers) signal(pid)
  const deadline = Date.now() + DRAIN_MS
  while (leftovers.some(isAlive) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  for (const process of leftovers.filter(isAlive)) killGroup(process.pid)
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
