import { answer, createApi } from '#lib/api/client.ts'
import { pageError } from '#lib/api/page-error.ts'
import type { PageLoad } from './$types'

/** The clip, and others of its channel. */
export const load: PageLoad = async ({ fetch, url, params }) => {
  const api = createApi(fetch, url.origin)
  try {
    const clip = await answer(api.GET('/clips/{id}', { params: { path: { id: params.id } } }))
    const query = { channel: clip.channel.id, limit: 9 }
    const { items } = await answer(api.GET('/clips', { params: { query } }))
    return { clip, others: items.filter(({ id }) => id !== clip.id).slice(0, 8) }
  } catch (error) {
    throw pageError(error)
  }
}
