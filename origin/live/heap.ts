import { setFlagsFromString } from 'node:v8'

const HEAP_GROWTH_PERCENT = 300

/**
 * For a process that carries media. They pass through as buffers outside the heap, which V8 counts towards its next
 * collection: with a small heap that is several a second. This lets the heap, and what hangs on it, grow to four times
 * what was left after the last one.
 */
export function collectByHeapNotMedia(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`)
}
