import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Names one process for good: pids are used again, a pid with its start time is not. */
export interface ProcessIdentity {
  pid: number
  /** In whatever unit the system has; null where it can't be told. */
  startedAt: string | null
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startedAt: startTime(pid) }
}

/** True while that very process is there (a zombie is not). */
export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Another user's process may not be signalled, but is there.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = startTime(pid)
  return now === null ? startedAt === null : startedAt === null || now === startedAt
}

/** Field 22 of /proc/PID/stat with the boot it counts from; elsewhere what `ps` says. Null for a zombie. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command, in brackets, may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return fields[0] === 'Z' ? null : `${boot}:${fields[19]}`
  } catch {
    return process.platform === 'linux' ? null : startTimeByPs(pid)
  }
}

function startTimeByPs(pid: number): string | null {
  try {
    const output = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 2000, stdio: 'pipe' })
    return output.toString().trim() || null
  } catch {
    return null
  }
}
