import { join } from 'node:path'
import { prepare, runScript } from './prepare.mjs'
import { root, runShown } from './run.mjs'

/** `npm run smoke`: see test/smoke/index.ts. */
await runScript(async () => {
  const { node24, env } = await prepare({ ffmpeg: true })
  return runShown(node24, [join(root, 'test', 'smoke', 'index.ts'), ...process.argv.slice(2)], { env })
})
