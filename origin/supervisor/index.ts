import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Part } from '../config.ts'
import type { RunningDemo } from '../demo/types.ts'
import type { RoleContext, RunningRole } from '../role.ts'
import { type Child, runChild } from './child.ts'
import { openDemo } from './demo.ts'
import { endLeftovers } from './leftovers.ts'
import { takeLock } from './lock.ts'
import { openOutput } from './output.ts'
import { choosePartPorts } from './part-ports.ts'
import { findDeno, partSpecs } from './parts.ts'
import { openSecrets } from './secrets.ts'
import { connectSetup } from './setup-client.ts'
import { becomeReady } from './start-up.ts'
import { watchSources } from './watch.ts'

/** The parts stop in this order, those of a line together: first nobody new comes in, last the database closes. */
const stopOrder: readonly (readonly Part[])[] = [['edge'], ['web', 'ingest', 'transcode'], ['api']]

/** A part that dies this often before the site was up for the first time never will be. */
const HOPELESS_DEATHS = 5

/** Three times what a part is given, and a little. */
const DRAIN_DEADLINE_MS = 35_000

/** `main.ts all`: takes DATA_DIR, runs the five parts as one machine, and says when and where they are ready. */
export async function startSupervisor({ config, log, metrics }: RoleContext): Promise<RunningRole> {
  const root = resolve(fileURLToPath(import.meta.url), '..', '..', '..')
  const deno = findDeno(root)
  const lock = takeLock(config.dataDir)
  await endLeftovers(lock.leftovers, log)
  const secrets = openSecrets(config.dataDir)
  const ports = await choosePartPorts(config)
  const specs = partSpecs({
    config,
    environment: process.env,
    ports,
    secrets,
    root,
    node: process.execPath,
    deno,
  })

  const restarts = metrics.counter({
    name: 'part_restarts_total',
    help: 'Parts started again',
    labelNames: ['part'],
  })
  const broken = Promise.withResolvers<void>()
  let isUp = false
  const children: Child[] = []
  const owner = {
    log,
    write: openOutput(process.stdout),
    onStart: () => lock.noteChildren(children.flatMap(({ pids }) => pids)),
    onDeath(part: Part, deathsInRow: number) {
      restarts.inc({ part })
      if (isUp || deathsInRow < HOPELESS_DEATHS) return
      log.error(`${part} does not start`)
      broken.resolve()
    },
    onHopeless: () => broken.resolve(),
  }
  for (const spec of specs) children.push(runChild(spec, owner))
  // Whoever asks twice means at once.
  process.on('SIGQUIT', () => {
    for (const child of children) child.kill()
  })

  const replaceEdge = async () => {
    const edge = children.find(({ name }) => name === 'edge')
    if (await edge?.replace()) log.info('the edge was replaced')
  }
  process.on('SIGHUP', () => void replaceEdge())
  const edgeSources = config.watch
    ? watchSources([join(root, 'edge', 'src'), join(root, 'edge', 'contracts')], () => void replaceEdge())
    : null

  const setup = connectSetup(ports.rpc, secrets.serviceToken)
  const stop = new AbortController()
  let demo: RunningDemo | undefined
  const start = becomeReady({
    config,
    log,
    children,
    setup: setup.client,
    demo: config.demo
      ? async () => {
          demo = await openDemo({ config, log, setup: setup.client, signal: stop.signal })
          return demo
        }
      : null,
    startedAtMs: performance.timeOrigin,
    signal: stop.signal,
  }).then(
    () => {
      isUp = true
    },
    (error: unknown) => {
      if (stop.signal.aborted) return
      log.error({ err: error }, 'the start has failed')
      broken.resolve()
    },
  )

  return {
    drainDeadlineMs: DRAIN_DEADLINE_MS,
    broken: broken.promise,
    ready: async () => isUp && (await Promise.all(children.map((child) => child.isReady()))).every(Boolean),
    async close() {
      log.info('stopping')
      stop.abort()
      edgeSources?.close()
      await start
      await demo?.close()
      setup.close()
      for (const names of stopOrder) {
        await Promise.all(children.filter(({ name }) => names.includes(name)).map((child) => child.stop()))
      }
      lock.release()
      log.info('stopped')
    },
  }
}
