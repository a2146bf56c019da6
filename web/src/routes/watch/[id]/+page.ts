import { answer, createApi } from '#lib/api/client.ts'
import { pageError } from '#lib/api/page-error.ts'
import type { PageLoad } from './$types'

/** The video, and what else there is to see. */
export const load: PageLoad = async ({ fetch, url, params }) => {
  const api = createApi(fetch, url.origin)
  try {
    const [video, live, newest] = await Promise.all([
      answer(api.GET('/videos/{id}', { params: { path: { id: params.id } } })),
      answer(api.GET('/videos', { params: { query: { state: 'live', limit: 6 } } })),
      answer(api.GET('/videos', { params: { query: { state: 'ready', limit: 12 } } })),
    ])
    const others = [...live.items, ...newest.items].filter((other) => other.id !== video.id)
    return { video, others: others.slice(0, 12) }
  } catch (error) {
    throw pageError(error)
  }
}
