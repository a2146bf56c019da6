import { runFfmpeg } from '../media/ffmpeg.ts'
import { readDemoFile } from './demo-file.ts'
import { publishRun } from './publish-command.ts'

/**
 * Runs the start's ffmpeg command: publishes to the demo's second channel until `signal` is aborted.
 * @throws when there is no demo.json, or FfmpegError
 */
export async function publishToStage(
  dataDir: string,
  signal: AbortSignal,
  onReady: (watch: string) => void,
): Promise<void> {
  const { rtmp } = await readDemoFile(dataDir)
  onReady(rtmp.channel.watch)
  await runFfmpeg({ ...publishRun(rtmp.url, rtmp.key), signal, abortWith: 'SIGTERM' })
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
