/** What a kept entry costs beside its bytes: key, headers, the maps' own. */
const ENTRY_OVERHEAD_BYTES = 1024
/** What nobody has used for so long makes room before anything else. */
const IDLE_MS = 60_000
/** Brief objects may fill so much of their group before they make room like the others. */
const BRIEF_SHARE = 0.5

export interface Placement {
  /** Whose share of the room the entry counts for. */
  group: string
  /** Wanted by all for a moment and by nobody after it. */
  brief: boolean
}

interface Slot<Value> {
  key: string
  value: Value
  sizeBytes: number
  group: Group<Value>
  brief: boolean
  /** Since it was last considered for eviction. */
  used: boolean
}

interface Group<Value> {
  name: string
  bytes: number
  briefBytes: number
  /** In the order they came; one that was used goes to the back when its turn comes (second chance). */
  lasting: Set<Slot<Value>>
  brief: Set<Slot<Value>>
  usedAtMs: number
  /** Place in `#sizes`. */
  size: number
}

/**
 * A map within a bound of bytes that its groups share. Room is made by a group that nobody uses any more, else by one of
 * the largest: whoever holds less than half of what the largest holds loses nothing. Within a group lasting entries go
 * before brief ones. Reading moves nothing; adding and evicting take constant time, counted over many.
 */
export class FairStore<Value> {
  readonly maxBytes: number
  readonly #nowMs: () => number
  readonly #slots = new Map<string, Slot<Value>>()
  /** By last use, coarsely: one that was used goes to the back when its turn comes. */
  readonly #groups = new Map<string, Group<Value>>()
  /** Groups by the power of two of their bytes. */
  readonly #sizes: Set<Group<Value>>[] = Array.from({ length: 54 }, () => new Set())
  #bytes = 0

  constructor(maxBytes: number, nowMs: () => number) {
    this.maxBytes = maxBytes
    this.#nowMs = nowMs
  }

  /** Bytes held, with what entries cost beside their bodies. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#slots.size
  }

  /** Bytes that one group holds. */
  bytesOf(group: string): number {
    return this.#groups.get(group)?.bytes ?? 0
  }

  get(key: string): Value | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined) return undefined
    slot.used = true
    slot.group.usedAtMs = this.#nowMs()
    return slot.value
  }

  /** Keeps a value, making room first. One that would not fit at all is not kept. */
  set(key: string, value: Value, bodyBytes: number, { group: name, brief }: Placement): void {
    this.delete(key)
    const sizeBytes = bodyBytes + ENTRY_OVERHEAD_BYTES
    if (sizeBytes > this.maxBytes) return
    const group = this.#groupOf(name)
    const slot = { key, value, sizeBytes, group, brief, used: false }
    this.#slots.set(key, slot)
    group[brief ? 'brief' : 'lasting'].add(slot)
    this.#grow(slot, sizeBytes)
    while (this.#bytes > this.maxBytes) this.#evict(slot)
  }

  delete(key: string): void {
    const slot = this.#slots.get(key)
    if (slot !== undefined) this.#remove(slot)
  }

  #groupOf(name: string): Group<Value> {
    const usedAtMs = this.#nowMs()
    const known = this.#groups.get(name)
    if (known !== undefined) {
      known.usedAtMs = usedAtMs
      return known
    }
    const group: Group<Value> = {
      name,
      bytes: 0,
      briefBytes: 0,
      lasting: new Set(),
      brief: new Set(),
      usedAtMs,
      size: 0,
    }
    this.#groups.set(name, group)
    return group
  }

  #remove(slot: Slot<Value>): void {
    this.#slots.delete(slot.key)
    slot.group[slot.brief ? 'brief' : 'lasting'].delete(slot)
    this.#grow(slot, -slot.sizeBytes)
    if (slot.group.bytes === 0) this.#groups.delete(slot.group.name)
  }

  #grow({ group, brief }: Slot<Value>, bytes: number): void {
    this.#bytes += bytes
    group.bytes += bytes
    if (brief) group.briefBytes += bytes
    this.#sizes[group.size]?.delete(group)
    group.size = group.bytes === 0 ? 0 : Math.floor(Math.log2(group.bytes))
    if (group.bytes > 0) this.#sizes[group.size]?.add(group)
  }

  /** @param newest is what room is made for: the last to go */
  #evict(newest: Slot<Value>): void {
    const group = this.#idle() ?? this.#large()
    if (group === undefined) return
    const briefFirst = group.lasting.size === 0 || group.briefBytes > group.bytes * BRIEF_SHARE
    const victim =
      this.#oldest(briefFirst ? group.brief : group.lasting, newest) ??
      this.#oldest(briefFirst ? group.lasting : group.brief, newest) ??
      newest
    this.#remove(victim)
  }

  #idle(): Group<Value> | undefined {
    const idleSinceMs = this.#nowMs() - IDLE_MS
    const [first] = this.#groups.values()
    if (first === undefined || first.usedAtMs <= idleSinceMs) return first
    // Used since it came to the front: its turn is over.
    this.#groups.delete(first.name)
    this.#groups.set(first.name, first)
    return undefined
  }

  #large(): Group<Value> | undefined {
    for (let size = this.#sizes.length - 1; size >= 0; size--) {
      const groups = this.#sizes[size]
      if (groups && groups.size > 0) {
        const [first] = groups
        return first
      }
    }
    return undefined
  }

  #oldest(slots: Set<Slot<Value>>, spared: Slot<Value>): Slot<Value> | undefined {
    // One that goes to the back comes by again in this loop, without its chance.
    for (const slot of slots) {
      if (slot === spared) continue
      if (!slot.used) return slot
      slot.used = false
      slots.delete(slot)
      slots.add(slot)
    }
    return undefined
  }
}
