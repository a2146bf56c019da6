export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const KEY = 'theme'

let current = $state<Theme>('system')

/** The chosen theme; `system` until `restoreTheme` was called. */
export function theme(): Theme {
  return current
}

/** Takes over what the page's first script has applied already. */
export function restoreTheme(): void {
  const applied = document.documentElement.dataset.theme
  current = applied === 'light' || applied === 'dark' ? applied : 'system'
}

/** Applies and remembers. Where storage is refused, it holds for this page only. */
export function chooseTheme(next: Theme): void {
  current = next
  if (next === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
  try {
    localStorage.setItem(KEY, next)
  } catch (error) {
    console.warn('the theme could not be stored', error)
  }
}
