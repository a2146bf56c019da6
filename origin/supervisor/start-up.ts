import { type Config, isLocal } from '../config.ts'
import type { RunningDemo } from '../demo/types.ts'
import type { Logger } from '../log.ts'
import { banner, type Ready } from './banner.ts'
import type { Child } from './child.ts'
import { releasePort, reportProgress } from './port-handover.ts'
import type { connectSetup } from './setup-client.ts'

const SLOW_AFTER_MS = 20_000

export interface StartUp {
  config: Config
  log: Logger
  children: readonly Child[]
  setup: ReturnType<typeof connectSetup>['client']
  /** Fills the site, where that was asked for. */
  demo: (() => Promise<RunningDemo>) | null
  /** Since when people wait, in milliseconds since the Unix epoch. */
  startedAtMs: number
  signal: AbortSignal
}

/** Follows the parts until the site answers, then says so. Rejects when `signal` is aborted. */
export async function becomeReady(input: StartUp): Promise<void> {
  const { config, log, setup, demo, startedAtMs, signal } = input
  await waitForParts(input)
  warnOfPlainHttp(config, log)
  const ready = (more: Partial<Ready>) =>
    announce(log, { url: config.publicUrl, startMs: Date.now() - startedAtMs, ...more })
  if (demo) {
    log.info({ url: config.publicUrl }, 'the site is up; filling it with the demo')
    const { signInLink, server, streamKey } = await demo()
    return ready({ demo: { signInLink, server, key: streamKey } })
  }
  const link = await setup.createSetupLink({}, { signal })
  ready(link.needed ? { setupLink: `${config.publicUrl}/setup?token=${link.token}` } : {})
}

async function waitForParts({ children, log, signal }: StartUp): Promise<void> {
  const edge = children.filter(({ name }) => name === 'edge')
  const behind = children.filter(({ name }) => name !== 'edge')
  const waiting = new Set(children.map(({ name }) => name))
  const slow = setInterval(
    () => log.warn({ waitingFor: [...waiting] }, 'the start takes long'),
    SLOW_AFTER_MS,
  )
  const ready = async (child: Child) => {
    await child.answers('/readyz', signal)
    waiting.delete(child.name)
    reportProgress(`waiting for ${[...waiting].join(', ')}`)
  }
  try {
    await Promise.all([...behind.map(ready), ...edge.map((child) => child.answers('/healthz', signal))])
    await releasePort()
    await Promise.all(edge.map(ready))
  } finally {
    clearInterval(slow)
  }
}

function announce(log: Logger, ready: Ready): void {
  if (process.stdout.isTTY) process.stdout.write(banner(ready, !process.env.NO_COLOR))
  else log.info({ ...ready }, 'StreamTube is ready')
}

function warnOfPlainHttp({ publicUrl }: Config, log: Logger): void {
  if (publicUrl.startsWith('https:') || isLocal(publicUrl)) return
  log.warn(
    { publicUrl },
    'PUBLIC_URL is plain http: away from localhost, browsers then refuse secure cookies and cameras; use https',
  )
}
