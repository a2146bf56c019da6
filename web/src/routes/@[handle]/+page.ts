import { answer, createApi } from '#lib/api/client.ts'
import { pageError } from '#lib/api/page-error.ts'
import type { PageLoad } from './$types'

/** A channel: what it shows now, and what it has shown. */
export const load: PageLoad = async ({ fetch, url, params, depends }) => {
  depends('app:videos')
  const api = createApi(fetch, url.origin)
  const channel = params.handle.toLowerCase()
  try {
    const [about, live, videos, clips] = await Promise.all([
      answer(api.GET('/channels/{channel}', { params: { path: { channel } } })),
      answer(api.GET('/videos', { params: { query: { state: 'live', channel, limit: 4 } } })),
      answer(api.GET('/videos', { params: { query: { state: 'ready', channel, limit: 48 } } })),
      answer(api.GET('/clips', { params: { query: { channel, limit: 12 } } })),
    ])
    return { channel: about, live: live.items, videos, clips: clips.items }
  } catch (error) {
    throw pageError(error)
  }
}
