import type { Session } from '@streamtube/contracts/api/resources.ts'
import { answer, createApi } from '#lib/api/client.ts'
import type { LayoutLoad } from './$types'

const guest: Session = { person: null, channels: [], setupNeeded: false }

/** Who is here. Without an answer the page is a guest's, so that there is a page at all. */
export const load: LayoutLoad = async ({ fetch, url, data, depends }) => {
  depends('app:session')
  const session = await answer(createApi(fetch, url.origin).GET('/session')).catch(() => guest)
  const active =
    session.channels.find((channel) => channel.handle === data.preferredHandle) ?? session.channels[0]
  return { session, activeChannel: active ?? null }
}
