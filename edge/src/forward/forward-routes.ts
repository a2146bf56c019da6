import { EDGE_TOKEN_HEADER } from '@streamtube/contracts/headers.ts'
import { type Context, Hono } from 'hono'
import type { ObjectCache } from '../cache/object-cache.ts'
import type { Env } from '../env.ts'
import type { SiteTypes } from '../site.ts'
import { answerAsset, isHashedAsset } from './assets.ts'
import { Forwarder, PeerAwayError, type Target } from './forwarder.ts'
import type { Client } from './headers.ts'

export interface ForwardRoutesOptions extends Pick<Env, 'config' | 'fetch'> {
  proof: () => Promise<string>
  assets: ObjectCache
}

/** All that the edge does not answer itself: the API and its pictures from the api role, the rest from the pages. */
export function createForwardRoutes({ config, fetch, proof, assets }: ForwardRoutesOptions): Hono<SiteTypes> {
  const forwarder = new Forwarder({ fetch })
  const { maxRequestBodyBytes: maxBodyBytes } = config.limits
  // The pages hand it on to the api role with what they ask for their viewer.
  const extraHeaders = async () => ({ [EDGE_TOKEN_HEADER]: await proof() })
  const api: Target = { baseUrl: config.apiUrl, extraHeaders, maxBodyBytes }
  const web: Target = { baseUrl: config.webUrl, extraHeaders, maxBodyBytes }
  const https = config.publicUrl.startsWith('https:')

  function clientOf(context: Context<SiteTypes>): Client {
    const { url, remoteAddress } = context.env
    return {
      address: plainAddress(remoteAddress()),
      scheme: https ? 'https' : 'http',
      host: url.host,
      requestId: context.get('requestId'),
    }
  }
  function forward(context: Context<SiteTypes>, target: Target): Promise<Response> {
    const { pathname, search } = context.env.url
    return forwarder.forward(context.req.raw, pathname + search, target, clientOf(context))
  }
  async function fetchAsset(path: string, signal: AbortSignal): Promise<Response> {
    try {
      return await fetch(config.webUrl + path, { headers: { 'accept-encoding': 'identity' }, signal })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new PeerAwayError({ cause: error })
    }
  }

  return new Hono<SiteTypes>()
    .all('/api/*', (context) => {
      context.env.routeClass = 'api'
      return forward(context, api)
    })
    .all('/thumbnails/*', (context) => {
      context.env.routeClass = 'thumbnail'
      return forward(context, api)
    })
    .all('*', async (context) => {
      const { raw } = context.req
      const path = context.env.url.pathname
      const isRead = raw.method === 'GET' || raw.method === 'HEAD'
      const isAsset = isRead && isHashedAsset(path)
      context.env.routeClass = isAsset ? 'asset' : 'page'
      const asset = isAsset ? await answerAsset(raw, path, assets, fetchAsset) : undefined
      return asset ?? forward(context, web)
    })
}

/** An IPv4 address that came in through an IPv6 socket, written as IPv4. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}
