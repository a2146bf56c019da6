import { join } from 'node:path'
import { prepare, runScript } from './prepare.mjs'
import { root, runShown } from './run.mjs'

/** `npm run demo:publish`: publishes a generated scene to the demo's second channel, until Ctrl-C. */
await runScript(async () => {
  const { node24, env } = await prepare({ ffmpeg: true })
  const dataDir = process.env.DATA_DIR || '.data-demo'
  return runShown(node24, [join(root, 'origin', 'demo', 'publish.ts'), dataDir], { env })
})
