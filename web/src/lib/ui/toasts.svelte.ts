export interface Toast {
  id: number
  kind: 'good' | 'bad'
  text: string
}

/** Most shown at once; older ones make room. */
const MOST = 3
const SHOWN_MS = { good: 4_000, bad: 8_000 }

const shown = $state<Toast[]>([])
let nextId = 0

function show(kind: Toast['kind'], text: string): void {
  const id = nextId++
  shown.push({ id, kind, text })
  if (shown.length > MOST) shown.shift()
  setTimeout(() => dismissToast(id), SHOWN_MS[kind])
}

/** What the page says in its corner, oldest first. */
export function toasts(): readonly Toast[] {
  return shown
}

/** Takes one away before its time. */
export function dismissToast(id: number): void {
  const index = shown.findIndex((toast) => toast.id === id)
  if (index >= 0) shown.splice(index, 1)
}

/** Says something in the corner of the page. Call in the browser only: the list is the tab's. */
export const toast = {
  good: (text: string) => show('good', text),
  error: (text: string) => show('bad', text),
}
