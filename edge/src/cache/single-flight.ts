import type { Env } from '../env.ts'

/** Too much is under way already: come again. */
export class BusyError extends Error {
  readonly code = 'busy'
  constructor() {
    super('Too many origin requests are under way')
    this.name = 'BusyError'
  }
}

/**
 * Lets identical work under way be done once. Work is nobody's in particular: a waiter that goes away changes nothing
 * for the others (MEDIA.md 21), so `work` must have a deadline of its own.
 */
export class SingleFlight<Value> {
  readonly #sharing: Env['sharing']
  readonly #max: number
  readonly #maxPerGroup: number
  readonly #flights = new Map<string, Promise<Value>>()
  readonly #perGroup = new Map<string, number>()

  /**
   * @param max how much may be under way at once; where nothing may be shared, the platform bounds it
   * @param maxPerGroup how much of it for one group, so that none takes all there is
   */
  constructor(sharing: Env['sharing'], max: number, maxPerGroup = max) {
    this.#sharing = sharing
    this.#max = max
    this.#maxPerGroup = maxPerGroup
  }

  get underWay(): number {
    return this.#flights.size
  }

  /**
   * Joins the work under this key, or begins it.
   * @throws BusyError when `max` or `maxPerGroup` is reached; whatever `work` throws, to every waiter
   */
  run(key: string, work: () => Promise<Value>, group = ''): Promise<Value> {
    if (this.#sharing === 'request') return work()
    const known = this.#flights.get(key)
    if (known) return known
    const ofGroup = this.#perGroup.get(group) ?? 0
    if (this.#flights.size >= this.#max || ofGroup >= this.#maxPerGroup)
      return Promise.reject(new BusyError())
    this.#perGroup.set(group, ofGroup + 1)
    const flight = work().finally(() => this.#land(key, group))
    this.#flights.set(key, flight)
    return flight
  }

  #land(key: string, group: string): void {
    this.#flights.delete(key)
    const left = (this.#perGroup.get(group) ?? 1) - 1
    if (left > 0) this.#perGroup.set(group, left)
    else this.#perGroup.delete(group)
  }
}
