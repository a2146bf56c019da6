/** Where to go after signing in: a path of this site, from `?next=`; never another site. Without one, home. */
export function nextPath(url: URL): string {
  const next = url.searchParams.get('next') ?? '/'
  if (!next.startsWith('/')) return '/'
  try {
    const target = new URL(next, url.origin)
    return target.origin === url.origin ? target.pathname + target.search : '/'
  } catch {
    return '/'
  }
}
