import { join } from 'node:path'
import { prepare, runScript } from './prepare.mjs'
import { root, runShown } from './run.mjs'

/** `npm run bench -- NAME [--json]`: see test/bench/index.ts. */
await runScript(async () => {
  const { node24, env } = await prepare({ ffmpeg: true })
  return runShown(node24, [join(root, 'test', 'bench', 'index.ts'), ...process.argv.slice(2)], { env })
})
