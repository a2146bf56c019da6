import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TIMELINE } from '../../edge/src/testing/test-edge.ts'
import { findDeno } from '../../origin/supervisor/parts.ts'
import { HttpConnection } from '../support/http-connection.ts'
import { startLoneEdge } from '../support/lone-edge.ts'
import { cpuSeconds } from '../support/process-usage.ts'
import { repository } from '../support/source-files.ts'
import type { Bench } from './report.ts'

/** An audio part: half of what is asked for are such. */
const PART_BYTES = 4096
const CONNECTIONS = 32
const WARM_MS = 2000
const ROUND_MS = 1000
const ROUNDS = 10

interface Subject {
  name: 'signed' | 'same' | 'empty'
  pid: number
  port: number
  path: string
}

interface Cost {
  answers: number
  cpuSeconds: number
  seconds: number
}

/** What checking a token and looking a part up costs the edge, beside routes that do neither on the same Deno. */
export const bench: Bench = async (say) => {
  const edge = await startLoneEdge({
    origin: (_, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': PART_BYTES })
      response.end(Buffer.alloc(PART_BYTES, 'x'))
    },
  })
  const routes = await startEmptyRoutes()
  try {
    // All of one length: an address costs what its characters do.
    const path = edge.path(`m/${TIMELINE}/audio/1/p7.m4s`)
    const subjects: Subject[] = [
      { name: 'signed', pid: edge.pid, port: edge.port, path },
      { name: 'same', pid: routes.pid, port: routes.port, path },
      { name: 'empty', pid: routes.pid, port: routes.port, path: path.replace('.m4s', '.xyz') },
    ]
    say(`warming up, then ${ROUNDS} rounds of ${ROUND_MS} ms each`)
    for (const subject of subjects) await load(subject, WARM_MS)
    const costs = { signed: noCost(), same: noCost(), empty: noCost() }
    for (let round = 0; round < ROUNDS; round++) {
      for (const subject of subjects) add(costs[subject.name], await load(subject, ROUND_MS))
    }
    const perCpuSecond = ({ answers, cpuSeconds: cpu }: Cost) => answers / cpu
    const row = (subject: string, cost: Cost) => ({
      subject,
      figure: perCpuSecond(cost),
      unit: 'answers per CPU-second',
      note: `${Math.round(cost.answers / cost.seconds)} a second by this client`,
    })
    const overSame = perCpuSecond(costs.signed) / perCpuSecond(costs.same)
    const overEmpty = perCpuSecond(costs.signed) / perCpuSecond(costs.empty)
    return {
      name: 'signed',
      setting:
        `a signed part of ${PART_BYTES} bytes from the edge's memory; a route of an otherwise empty server on the same Deno ` +
        `that gives the same headers and bytes out of hand; one there that answers with nothing: ` +
        `${CONNECTIONS} connections, HTTP/1.1, in turns`,
      rows: [
        row('signed media route', costs.signed),
        row('empty route, same answer', costs.same),
        row('empty route, no answer', costs.empty),
        { subject: 'signed / no answer', figure: overEmpty, unit: 'x' },
        {
          subject: 'same / no answer',
          figure: perCpuSecond(costs.same) / perCpuSecond(costs.empty),
          unit: 'x',
          note: 'what the runtime takes for three headers and a body: nothing that sends a part can be above it',
        },
      ],
      targets: [{ name: 'signed-over-same-answer', figure: overSame, unit: 'x', op: '>=', bound: 0.85 }],
    }
  } finally {
    routes.process.kill('SIGKILL')
    await edge.stop()
  }
}

/** Asks over keep-alive connections, each as soon as it is answered, for so long. */
async function load({ pid, port, path }: Subject, forMs: number): Promise<Cost> {
  const before = cpuSeconds(pid)
  const startMs = performance.now()
  let answers = 0
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const connection = new HttpConnection(port, reject)
      const next = () => {
        if (performance.now() - startMs >= forMs) return resolve()
        connection.get(path, false, ({ status }) => {
          if (status !== 200) return reject(new Error(`an answer of ${status}`))
          answers++
          next()
        })
      }
      next()
      await promise.finally(() => connection.close())
    }),
  )
  return { answers, cpuSeconds: cpuSeconds(pid) - before, seconds: (performance.now() - startMs) / 1000 }
}

function noCost(): Cost {
  return { answers: 0, cpuSeconds: 0, seconds: 0 }
}

function add(sum: Cost, cost: Cost): void {
  sum.answers += cost.answers
  sum.cpuSeconds += cost.cpuSeconds
  sum.seconds += cost.seconds
}

async function startEmptyRoutes(): Promise<{ process: ChildProcess; pid: number; port: number }> {
  const program = fileURLToPath(new URL('./readers/empty-routes.process.ts', import.meta.url))
  const flags = ['--no-prompt', '--no-config', '--no-lock', '--unstable-no-legacy-abort', '--allow-net']
  const child = spawn(findDeno(repository), ['run', ...flags, program, String(PART_BYTES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { port } = JSON.parse(line) as { port: number }
  return { process: child, pid: child.pid ?? 0, port }
}
