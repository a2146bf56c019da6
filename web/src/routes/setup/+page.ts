import { redirect } from '@sveltejs/kit'
import type { PageLoad } from './$types'

export const load: PageLoad = async ({ url, parent }) => {
  const { session } = await parent()
  if (session.person) redirect(303, '/studio/live')
  return { token: url.searchParams.get('token') ?? '' }
}
