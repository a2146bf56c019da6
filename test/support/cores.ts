import { execFileSync } from 'node:child_process'

/** Lets a process and all of its threads run on one core only. Linux. @throws where `taskset` isn't there */
export function pinToCore(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(core), String(pid)], {
    stdio: 'pipe',
  })
}
