import { STALE_HEADER } from '@streamtube/contracts/headers.ts'
import type { BrowserContext, Response } from 'playwright-core'
import { createLinter } from './hls-linter/linter.ts'
import { followLive } from './lint-poller.ts'
import { lintRegistry } from './lint-registry.ts'

const PLAYLIST = /^\/p\/[^/]+\/(live|dvr|vod|clip)\/[^/]+\/(\w[\w-]*)\.m3u8$/

/**
 * Has every playlist that a context's pages receive looked at by a linter, and follows every live stream that they open
 * beside them, on all its renditions. Ends with the context.
 */
export function lintContext(context: BrowserContext): void {
  const linter = createLinter()
  const followed = new Map<string, { stop(): Promise<void> }>()
  let looked: Promise<void> = Promise.resolve()

  context.on('response', (response) => {
    const url = new URL(response.url())
    const [, kind, name] = PLAYLIST.exec(url.pathname) ?? []
    if (name === undefined || response.status() !== 200) return
    const atMs = performance.now()
    looked = looked.then(async () => {
      const text = await textOf(response)
      if (text === null) return
      linter.see({ url: url.href, text, atMs, stale: STALE_HEADER in response.headers() })
    })
    if (kind === 'live' && name === 'master' && !followed.has(assetOf(url))) {
      followed.set(assetOf(url), followLive(url))
    }
  })
  context.on('close', () => {
    for (const follower of followed.values()) void follower.stop()
  })
  lintRegistry.register({ name: 'in a page', linter, problems: [], settle: () => looked })
}

/** One follower a stream is enough, however many viewers. */
function assetOf(url: URL): string {
  return url.pathname.split('/').slice(3).join('/')
}

/** Null when the page has gone on meanwhile: then nobody got it. */
async function textOf(response: Response): Promise<string | null> {
  return response.text().catch(() => null)
}
