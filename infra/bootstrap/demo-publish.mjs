import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { prepare, runScript } from './prepare.mjs'
import { SetupError } from './report.mjs'
import { root, runShown } from './run.mjs'

/** `npm run demo:publish`: publishes a generated scene with a clock to the demo's second channel, until Ctrl-C. */
await runScript(async () => {
  const { node24 } = await prepare({ ffmpeg: true })
  const dataDir = resolve(root, process.env.DATA_DIR || '.data-demo')
  const file = join(dataDir, 'demo.json')
  if (!existsSync(file))
    throw new SetupError(`There is no ${file}. Start the demo first: npm start -- --demo`)
  return await runShown(node24, [join(root, 'origin', 'demo', 'publish.ts'), dataDir])
})
