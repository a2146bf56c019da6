import { redirect } from '@sveltejs/kit'
import { nextPath } from '#lib/shell/next-path.ts'
import type { PageLoad } from './$types'

export const load: PageLoad = async ({ url, parent }) => {
  const next = nextPath(url)
  if ((await parent()).session.person) redirect(303, next)
  return { next }
}
