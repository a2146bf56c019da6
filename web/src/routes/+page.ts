import { answer, createApi } from '#lib/api/client.ts'
import { pageError } from '#lib/api/page-error.ts'
import type { PageLoad } from './$types'

/** What is on now, and what is new. */
export const load: PageLoad = async ({ fetch, url, depends }) => {
  depends('app:videos')
  const api = createApi(fetch, url.origin)
  try {
    const [live, newest] = await Promise.all([
      answer(api.GET('/videos', { params: { query: { state: 'live', limit: 24 } } })),
      answer(api.GET('/videos', { params: { query: { state: 'ready', limit: 24 } } })),
    ])
    return { live: live.items, newest }
  } catch (error) {
    throw pageError(error)
  }
}
