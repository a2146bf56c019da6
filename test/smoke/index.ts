import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { DemoFile } from '../../origin/demo/demo-file.ts'
import { lintRegistry } from '../support/lint-registry.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { repository } from '../support/source-files.ts'
import { playsFor } from './plays.ts'

/**
 * `npm run smoke`: what somebody sees who clones the repository and runs two commands. A clean clone in a temporary
 * folder, random ports, the demo; ffmpeg reads everything; Ctrl-C; nothing is left; the second start finds all as it
 * was.
 */
const COLD_DEADLINE_MS = 480_000
const WARM_DEADLINE_MS = 60_000
const PLAY_SECONDS = 10

const folder = mkdtempSync(join(tmpdir(), 'streamtube-smoke-'))
try {
  const root = join(folder, 'streamtube')
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', repository, root])
  const first = await visit(root, COLD_DEADLINE_MS, 'first start')
  const second = await visit(root, WARM_DEADLINE_MS, 'second start')
  expectSame(
    'videos',
    first.demo.videos.map(({ id }) => id).sort(),
    second.demo.videos.map(({ id }) => id).sort(),
  )
  expectSame('stream key', first.demo.rtmp.key, second.demo.rtmp.key)
  expectSame('secrets', first.secrets, second.secrets)
  process.stdout.write('smoke: all as promised\n')
} catch (error) {
  process.stderr.write(`smoke: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function visit(
  root: string,
  deadlineMs: number,
  name: string,
): Promise<{ demo: DemoFile; secrets: string[] }> {
  const platform = await startPlatform({
    root,
    demo: true,
    deadlineMs,
    command: ['npm', 'start', '--'],
    env: { DATA_DIR: '.data-demo', PATH: machinePath() },
  })
  try {
    const demo = demoOf(platform)
    const [up, all] = [siteMs(platform), platform.startMs].map((ms) => (ms / 1000).toFixed(1))
    process.stdout.write(`${name}: the site is up after ${up} s, the demo complete after ${all} s\n`)
    await playsFor(PLAY_SECONDS, new URL(demo.live.master, demo.url))
    for (const video of demo.videos) await playsFor(PLAY_SECONDS, new URL(video.master, demo.url))
    process.stdout.write(`${name}: live and ${demo.videos.length} videos play\n`)
    expectSame('complaints about playlists', [], await lintRegistry.take())
    const secrets = ['service-token', 'edge-key.json'].map((file) =>
      readFileSync(resolve(root, '.data-demo', 'secrets', file), 'utf8'),
    )
    return { demo, secrets }
  } finally {
    const stoppedAt = performance.now()
    expectSame('exit code after Ctrl-C', 0, await platform.stop('SIGINT'))
    expectSame('processes left behind', [], platform.processes())
    const seconds = ((performance.now() - stoppedAt) / 1000).toFixed(1)
    process.stdout.write(`${name}: stopped within ${seconds} s, nothing left behind\n`)
  }
}

/** From the first line of the log to the site's taking the port over. */
function siteMs({ logs }: Platform): number {
  const times = logs.filter(({ time }) => typeof time === 'number')
  const up = times.find(({ msg }) => msg === 'Taking viewers')
  return Number(up?.time) - Number(times[0]?.time)
}

function demoOf({ demo }: Platform): DemoFile {
  if (!demo || demo.videos.length < 2) throw new Error('the demo has no two videos')
  return demo
}

/** PATH without what this script's own start put before it: the machine's Node, as a newcomer has it. */
function machinePath(): string {
  const folders = (process.env.PATH ?? '').split(':')
  return folders.filter((path) => !path.includes('node_modules')).join(':')
}

function expectSame(what: string, wanted: unknown, found: unknown): void {
  if (JSON.stringify(wanted) === JSON.stringify(found)) return
  throw new Error(`${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`)
}
