import { type Config, isLocal } from '../config.ts'
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
  /** Fills the site where that was asked for, and says how to use it. */
  demo: (() => Promise<NonNullable<Ready['demo']>>) | null
  /** Since when people wait, in milliseconds since the Unix epoch. */
  startedAtMs: number
  signal: AbortSignal
}

/** Follows the parts until the site answers, then says so. Rejects when `signal` is aborted. */
export async function becomeReady({
  config,
  log,
  children,
  setup,
  demo,
  startedAtMs,
  signal,
}: StartUp): Promise<void> {
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
  // The demo brings its own person.
  const link = demo ? null : await setup.createSetupLink({}, { signal })
  announce(log, {
    url: config.publicUrl,
    ...(link?.needed && { setupLink: `${config.publicUrl}/setup?token=${link.token}` }),
    ...(demo && { demo: await demo() }),
    startMs: Date.now() - startedAtMs,
  })
  if (!config.publicUrl.startsWith('https:') && !isLocal(config.publicUrl)) {
    log.warn(
      { publicUrl: config.publicUrl },
      'PUBLIC_URL is plain http: away from localhost, browsers then refuse secure cookies and cameras; use https',
    )
  }
}

function announce(log: Logger, ready: Ready): void {
  if (process.stdout.isTTY) process.stdout.write(banner(ready, !process.env.NO_COLOR))
  else log.info({ ...ready }, 'StreamTube is ready')
}
