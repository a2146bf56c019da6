import { onMount } from 'svelte'

/** Whether the page's script runs already. A form that needs it keeps its button closed until then. */
export function hydrated(): { readonly now: boolean } {
  let now = $state(false)
  onMount(() => {
    now = true
  })
  return {
    get now() {
      return now
    },
  }
}
