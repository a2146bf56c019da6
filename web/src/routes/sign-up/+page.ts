import { redirect } from '@sveltejs/kit'
import { nextPath } from '#lib/shell/next-path.ts'
import type { PageLoad } from './$types'

export const load: PageLoad = async ({ url, parent }) => {
  const next = url.searchParams.has('next') ? nextPath(url) : '/studio/live'
  if ((await parent()).session.person) redirect(303, next)
  return { next }
}
