import { navigating, page } from '$app/state'

/** A change of page that is done sooner shows nothing in between. */
const PATIENCE_MS = 150

/**
 * The path that is being fetched, once that takes noticeably long. Call while a component is being made.
 */
export function slowNavigation(): { readonly path: string | null; readonly isElsewhere: boolean } {
  let path = $state<string | null>(null)
  $effect(() => {
    const target = navigating.to?.url?.pathname ?? null
    if (target === null) {
      path = null
      return
    }
    const timer = setTimeout(() => {
      path = target
    }, PATIENCE_MS)
    return () => clearTimeout(timer)
  })
  return {
    get path() {
      return path
    },
    get isElsewhere() {
      return path !== page.url.pathname
    },
  }
}
