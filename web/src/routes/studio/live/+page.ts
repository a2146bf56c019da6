import { redirect } from '@sveltejs/kit'
import { answer, createApi } from '#lib/api/client.ts'
import { pageError } from '#lib/api/page-error.ts'
import type { PageLoad } from './$types'

/** The go-live page of the channel that the person works with. */
export const load: PageLoad = async ({ fetch, url, parent }) => {
  const { activeChannel, session } = await parent()
  if (!session.person) redirect(303, `/sign-in?next=${encodeURIComponent(url.pathname)}`)
  if (!activeChannel) redirect(303, '/')
  const path = { channel: activeChannel.id }
  try {
    const status = await answer(
      createApi(fetch, url.origin).GET('/channels/{channel}/live', { params: { path } }),
    )
    return { channel: activeChannel, status }
  } catch (error) {
    throw pageError(error)
  }
}
