/**
 * A bounded map for what is read far more often than written: two generations, so that reading a recent entry moves
 * nothing. Holds up to twice `perGeneration` entries; one that is read within a generation's life stays.
 */
export class Generations<Value> {
  readonly perGeneration: number
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()

  constructor(perGeneration: number) {
    this.perGeneration = perGeneration
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.perGeneration && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
