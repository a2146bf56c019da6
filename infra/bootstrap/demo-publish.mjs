import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { prepare, runScript } from './prepare.mjs'
import { SetupError } from './report.mjs'
import { root, runShown } from './run.mjs'

/** `npm run demo:publish`: publishes a test picture to the demo's second channel, until Ctrl-C. */
await runScript(async () => {
  const { node24 } = await prepare({ ffmpeg: true })
  const file = join(resolve(root, process.env.DATA_DIR || '.data-demo'), 'demo.json')
  const demo = read(file)
  // The same command as in the banner of the start.
  const module = join(root, 'origin', 'supervisor', 'publish-command.ts')
  const script = `import { publishArguments } from ${JSON.stringify(module)}
    console.log(JSON.stringify(publishArguments(...process.argv.slice(1))))`
  const printed = execFileSync(node24, ['--input-type=module', '-e', script, demo.rtmp.url, demo.rtmp.key])
  process.stdout.write(`Publishing until Ctrl-C. Watch at ${demo.rtmp.channel.watch}\n`)
  const args = ['-hide_banner', '-loglevel', 'warning', ...JSON.parse(printed.toString())]
  const code = await runShown('ffmpeg', args)
  // ffmpeg's own answer to Ctrl-C is 255.
  return code === 255 ? 0 : code
})

/** @param {string} file */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new SetupError(`There is no ${file}. Start the demo first: npm start -- --demo`)
  }
}
