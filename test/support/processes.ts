import { readdirSync, readFileSync } from 'node:fs'

/** The running processes (Linux) that have a variable in their environment, with their commands. */
export function processesWith(name: string, value: string): { pid: number; command: string }[] {
  const wanted = `${name}=${value}`
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
        if (!environment.includes(wanted)) return []
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return [{ pid: Number(pid), command }]
      } catch {
        // It has ended meanwhile, or isn't ours.
        return []
      }
    })
}
