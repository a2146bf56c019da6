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
    return { video, others: others.slice(0, 12), startAtMs: startOf(url) }
  } catch (error) {
    throw pageError(error)
  }
}

/** `?t=SECONDS`: a place in the video to begin with. */
function startOf(url: URL): number | null {
  const seconds = /^\d{1,7}(?:\.\d{1,3})?$/.exec(url.searchParams.get('t') ?? '')
  return seconds ? Number(seconds[0]) * 1000 : null
}
