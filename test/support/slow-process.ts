import { spawnSync } from 'node:child_process'

/** Children of this process by their program's name. Linux. */
export function childrenNamed(name: string): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(process.pid), name], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

const TURN_MS = 250

/**
 * Lets this process's children of a name run for a part of the time only, those that are started later too: a machine
 * that is too slow for them.
 * @returns lets them run again
 */
export function slowDown(name: string, runMs: number): () => void {
  const signal = (kind: NodeJS.Signals) => {
    for (const pid of childrenNamed(name)) send(pid, kind)
  }
  let pause: NodeJS.Timeout | undefined
  const turn = setInterval(() => {
    signal('SIGCONT')
    pause = setTimeout(() => signal('SIGSTOP'), runMs)
  }, TURN_MS)
  signal('SIGSTOP')
  return () => {
    clearInterval(turn)
    clearTimeout(pause)
    signal('SIGCONT')
  }
}

function send(pid: number, kind: NodeJS.Signals): void {
  try {
    process.kill(pid, kind)
  } catch (error) {
    // It ended in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
