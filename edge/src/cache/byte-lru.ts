/** What a kept entry costs beside its bytes: key, headers, the map's own. */
const ENTRY_OVERHEAD_BYTES = 1024

interface Slot<Value> {
  value: Value
  sizeBytes: number
}

/** A map that holds at most so many bytes and forgets what was used longest ago. */
export class ByteLru<Value> {
  readonly maxBytes: number
  readonly #slots = new Map<string, Slot<Value>>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** Bytes held, with what entries cost beside their bodies. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string): Value | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined) return undefined
    this.#slots.delete(key)
    this.#slots.set(key, slot)
    return slot.value
  }

  /** Keeps a value, making room first. One that would not fit at all is not kept. */
  set(key: string, value: Value, bodyBytes: number): void {
    this.delete(key)
    const sizeBytes = bodyBytes + ENTRY_OVERHEAD_BYTES
    if (sizeBytes > this.maxBytes) return
    for (const oldest of this.#slots.keys()) {
      if (this.#bytes + sizeBytes <= this.maxBytes) break
      this.delete(oldest)
    }
    this.#slots.set(key, { value, sizeBytes })
    this.#bytes += sizeBytes
  }

  delete(key: string): void {
    const slot = this.#slots.get(key)
    if (slot === undefined) return
    this.#slots.delete(key)
    this.#bytes -= slot.sizeBytes
  }
}
