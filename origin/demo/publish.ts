import { join } from 'node:path'
import { readDemoFile } from './demo-file.ts'
import { findFont } from './font.ts'
import { publishOnce } from './publisher.ts'
import { renderScene } from './render.ts'
import { lava } from './scenes/lava.ts'

/**
 * Publishes a scene with a clock to the demo's second channel until `signal` is aborted.
 * @throws when there is no demo.json, or FfmpegError
 */
export async function publishToStage(
  dataDir: string,
  signal: AbortSignal,
  onReady: (watch: string) => void,
): Promise<void> {
  const { rtmp } = await readDemoFile(dataDir)
  const fontFile = await findFont()
  const film = await renderScene(lava, { folder: join(dataDir, 'demo'), fontFile, signal })
  onReady(rtmp.channel.watch)
  await publishOnce(
    {
      film: film.path,
      frameRate: lava.frameRate,
      height: lava.height,
      fontFile,
      place: 'Studio Two',
      target: `${rtmp.url}/${rtmp.key}`,
    },
    signal,
  )
}

/** `node origin/demo/publish.ts DATA_DIR`, what `npm run demo:publish` runs. */
if (import.meta.main) {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  try {
    await publishToStage(process.argv[2] ?? '.data-demo', stop.signal, (watch) =>
      process.stdout.write(`Publishing until Ctrl-C. Watch at ${watch}\n`),
    )
  } catch (error) {
    if (!stop.signal.aborted) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      process.exitCode = 1
    }
  }
}
