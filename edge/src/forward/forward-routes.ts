import {
  CLIENT_HOST_HEADER,
  CLIENT_SCHEME_HEADER,
  EDGE_TOKEN_HEADER,
  REQUEST_ID_HEADER,
} from '@streamtube/contracts/headers.ts'
import { type Context, Hono } from 'hono'
import type { ObjectCache } from '../cache/object-cache.ts'
import type { Env } from '../env.ts'
import type { SiteTypes } from '../site.ts'
import { answerAsset, isHashedAsset } from './assets.ts'
import { askTwice, Forwarder, PeerAwayError, type Target } from './forwarder.ts'
import type { Client } from './headers.ts'
import type { PageCache } from './page-cache.ts'
import { clientBehind } from './proxies.ts'
import { sharedAddress } from './shared-address.ts'

export interface ForwardRoutesOptions extends Pick<Env, 'config' | 'fetch'> {
  proof: () => Promise<string>
  assets: ObjectCache
  pages: PageCache
}

/** All that the edge does not answer itself: the API and its pictures from the api role, the rest from the pages. */
export function createForwardRoutes(options: ForwardRoutesOptions): Hono<SiteTypes> {
  const { config, fetch, proof, assets, pages } = options
  const forwarder = new Forwarder({ fetch })
  const { maxRequestBodyBytes: maxBodyBytes } = config.limits
  // The pages hand it on to the api role with what they ask for their viewer.
  const extraHeaders = async () => ({ [EDGE_TOKEN_HEADER]: await proof() })
  const api: Target = { baseUrl: config.apiUrl, extraHeaders, maxBodyBytes }
  const web: Target = { baseUrl: config.webUrl, extraHeaders, maxBodyBytes }
  const https = config.publicUrl.startsWith('https:')

  function clientOf(context: Context<SiteTypes>): Client {
    const { url, remoteAddress } = context.env
    const remote = plainAddress(remoteAddress())
    const { address, scheme } = clientBehind(remote, context.req.raw.headers, config.trustedProxies)
    return {
      address,
      scheme: scheme ?? (https ? 'https' : 'http'),
      host: url.host,
      requestId: context.get('requestId'),
    }
  }
  function forward(context: Context<SiteTypes>, target: Target): Promise<Response> {
    const { pathname, search } = context.env.url
    return forwarder.forward(context.req.raw, pathname + search, target, clientOf(context))
  }
  /** What many ask for, in the name of nobody. */
  async function ask(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const init = {
      headers: { 'accept-encoding': 'identity', ...headers },
      redirect: 'manual',
      signal,
    } as const
    try {
      return await askTwice(fetch, url, init)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new PeerAwayError({ cause: error })
    }
  }
  const fetchAsset = (path: string, signal: AbortSignal) => ask(config.webUrl + path, {}, signal)

  /** Answers a guest what every guest is answered. Undefined: forward the request as it is. */
  async function share(context: Context<SiteTypes>, { baseUrl }: Target): Promise<Response | undefined> {
    const { raw } = context.req
    const address = sharedAddress(raw, context.env.url, config.publicUrl)
    if (address === undefined) return undefined
    const { protocol, host } = new URL(config.publicUrl)
    return await pages.answer(raw, address, async (signal) => {
      const headers = {
        accept: address.startsWith('/api/') ? 'application/json' : 'text/html',
        [CLIENT_SCHEME_HEADER]: protocol.slice(0, -1),
        [CLIENT_HOST_HEADER]: host,
        [REQUEST_ID_HEADER]: context.get('requestId'),
        ...(await extraHeaders()),
      }
      return ask(baseUrl + address, headers, signal)
    })
  }

  return new Hono<SiteTypes>()
    .all('/api/*', async (context) => {
      context.env.routeClass = 'api'
      return (await share(context, api)) ?? forward(context, api)
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
      const shared = isAsset ? await answerAsset(raw, path, assets, fetchAsset) : await share(context, web)
      return shared ?? forward(context, web)
    })
}

/** An IPv4 address that came in through an IPv6 socket, written as IPv4. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}
