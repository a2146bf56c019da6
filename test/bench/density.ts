import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findFreePorts } from '../../origin/supervisor/free-ports.ts'
import { IngestApiServer, SERVICE_TOKEN } from '../support/ingest-api.ts'
import { cpuSeconds, residentBytes } from '../support/process-usage.ts'
import { makeSource } from '../support/publisher.ts'
import { type ReadySource, readSource, Sender } from '../support/rtmp-sender.ts'
import type { Bench } from './report.ts'

const LEVELS = [10, 40]
const BITRATE_BPS = 2_500_000
const WARM_SECONDS = 25
const SECONDS = 30
const TICK_MS = 5

/** What a source-only, recorded stream costs the ingest process, at 10 and at 40 streams. */
export const bench: Bench = async (say) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamtube-bench-'))
  try {
    say('encoding the source')
    const path = await makeSource(folder, {
      seconds: 20,
      width: 1280,
      height: 720,
      videoBitrateBps: BITRATE_BPS,
    })
    const source = await readSource(path)
    const results: { count: number; cpu: number; bytes: number }[] = []
    for (const count of LEVELS) {
      say(`${count} publishers: ${WARM_SECONDS} s to warm up, ${SECONDS} s to measure`)
      results.push({ count, ...(await measure(folder, source, count)) })
    }
    const most = results.at(-1)
    const megabytes = (bytes = Number.NaN) => bytes / 1e6
    return {
      name: 'density',
      setting: `publishers of 720p30 at 2.6 Mb/s in real time, source only, recorded to files, parts of 210 ms; ${SECONDS} s`,
      rows: [
        ...results.flatMap(({ count, cpu, bytes }) => [
          { subject: `StreamTube, ${count} streams`, figure: cpu * 100, unit: '% of a core each' },
          { subject: `StreamTube, ${count} streams`, figure: megabytes(bytes), unit: 'MB each' },
        ]),
        { subject: 'MediaMTX, 40 streams', figure: 0.64, unit: '% of a core each', recorded: true },
        { subject: 'MediaMTX, 40 streams', figure: 10, unit: 'MB each', recorded: true },
      ],
      targets: [
        {
          name: 'cpu-per-stream-at-40',
          figure: (most?.cpu ?? Number.NaN) * 100,
          unit: '% of a core',
          op: '<=',
          bound: 0.45,
        },
        { name: 'memory-per-stream-at-40', figure: megabytes(most?.bytes), unit: 'MB', op: '<=', bound: 8 },
      ],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(
  folder: string,
  source: ReadySource,
  count: number,
): Promise<{ cpu: number; bytes: number }> {
  const api = new IngestApiServer()
  await api.start()
  const { child, rtmpPort } = await startIngest(join(folder, `data-${count}`), api.port)
  const pid = child.pid ?? 0
  try {
    // The first stream loads what all of them share.
    const warm = await publish(api, rtmpPort, source, 1)
    await wait(5_000)
    await warm.stop()
    await wait(2_000)
    const idleBytes = residentBytes(pid)
    const load = await publish(api, rtmpPort, source, count)
    await wait(WARM_SECONDS * 1000)
    const before = { cpu: cpuSeconds(pid), at: performance.now() }
    await wait(SECONDS * 1000)
    const cpu = (cpuSeconds(pid) - before.cpu) / ((performance.now() - before.at) / 1000) / count
    const bytes = (residentBytes(pid) - idleBytes) / count
    load.check()
    await load.stop()
    return { cpu, bytes }
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
    await api.close()
  }
}

/** Publishers in real time, their starts spread over a second. */
async function publish(api: IngestApiServer, port: number, source: ReadySource, count: number) {
  const streams = Array.from({ length: count }, (_, index) => {
    const key = `key-${count}-${index}`
    return {
      stream: api.addStream(key),
      sender: new Sender(port, key, source),
      offsetMs: (index * 1000) / count,
    }
  })
  const startedAtMs = performance.now()
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedAtMs
    for (const { sender, offsetMs } of streams) sender.sendUntil(elapsedMs - offsetMs)
  }, TICK_MS)
  return {
    /** @throws when a stream isn't what it should be: then the figures mean nothing */
    check() {
      for (const { stream } of streams) {
        const rate = api.reportsOf(stream).at(-1)?.health?.frameRate ?? 0
        if (rate < 28) throw new Error(`a stream arrived at ${rate} frames a second`)
        if (api.segmentsOf(stream).length < 10) throw new Error('a stream was not recorded')
      }
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(streams.map(({ sender }) => once(sender.socket.destroy(), 'close')))
    },
  }
}

async function startIngest(
  folder: string,
  rpcPort: number,
): Promise<{ child: ChildProcess; rtmpPort: number }> {
  const [rtmpPort = 0, mediaPort = 0, metricsPort = 0] = await findFreePorts(3)
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../../origin/main.ts', import.meta.url)), 'ingest'],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        RTMP_PORT: String(rtmpPort),
        INGEST_PORT: String(mediaPort),
        METRICS_PORT: String(metricsPort),
        DATA_DIR: folder,
        LOG_LEVEL: 'error',
        RPC_URL: `http://127.0.0.1:${rpcPort}`,
        API_URL: 'http://127.0.0.1:9',
        INGEST_URL: `http://127.0.0.1:${mediaPort}`,
        SERVICE_TOKEN,
        EDGE_PUBLIC_JWKS: '{"keys":[]}',
      },
    },
  )
  for (let attempt = 0; !(await answers(rtmpPort)); attempt++) {
    if (attempt > 300 || child.exitCode !== null) throw new Error('the ingest process did not start')
    await wait(100)
  }
  return { child, rtmpPort }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
