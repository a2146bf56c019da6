import type { Part } from './config.ts'
import type { StartRole } from './role.ts'
import { runProcess } from './role-process.ts'

/** The process table: `node origin/main.ts NAME`. A role's code is loaded only where it runs. */
const roles: Record<string, [part: Part, load: () => Promise<StartRole>]> = {
  all: ['supervisor', async () => (await import('./supervisor/index.ts')).startSupervisor],
  api: ['api', async () => (await import('./roles/api.ts')).startApi],
  ingest: ['ingest', async () => (await import('./roles/ingest.ts')).startIngest],
  transcode: ['transcode', async () => (await import('./roles/transcode.ts')).startTranscode],
}

const role = roles[process.argv[2] ?? '']
if (role) {
  await runProcess(...role)
} else {
  process.stderr.write(`usage: node origin/main.ts ${Object.keys(roles).join(' | ')}\n`)
  process.exitCode = 64
}
