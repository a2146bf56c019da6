import { openBlobs } from '../compose-blobs.ts'
import type { Config } from '../config.ts'
import type { RunningDemo } from '../demo/types.ts'
import type { Logger } from '../log.ts'
import type { connectSetup } from './setup-client.ts'

/** Where parts of this machine reach what listens on HOST. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

export interface DemoContext {
  config: Config
  log: Logger
  setup: ReturnType<typeof connectSetup>['client']
  signal: AbortSignal
}

/** Fills the site with the demo, of which nothing is loaded without it. The caller closes it before the parts stop. */
export async function openDemo({ config, log, setup, signal }: DemoContext): Promise<RunningDemo> {
  const { startDemo } = await import('../demo/index.ts')
  const blobs = await openBlobs({ config, log })
  const host = reachableHost(config.host)
  try {
    const demo = await startDemo({
      log,
      dataDir: config.dataDir,
      blobs,
      setup,
      rtmpUrl: `rtmp://${host}:${config.rtmpPort}/live`,
      publicRtmpUrl: `rtmp://${new URL(config.publicUrl).hostname}:${config.rtmpPort}/live`,
      publicUrl: config.publicUrl,
      siteUrl: `${config.tlsCert ? 'https' : 'http'}://${host}:${config.port}`,
      signal,
    })
    return {
      ...demo,
      async close() {
        await demo.close()
        await blobs.close()
      },
    }
  } catch (error) {
    await blobs.close()
    throw error
  }
}
