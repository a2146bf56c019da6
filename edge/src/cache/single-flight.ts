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
  readonly #flights = new Map<string, Promise<Value>>()

  /** @param max how much may be under way at once; where nothing may be shared, the platform bounds it */
  constructor(sharing: Env['sharing'], max: number) {
    this.#sharing = sharing
    this.#max = max
  }

  get underWay(): number {
    return this.#flights.size
  }

  /**
   * Joins the work under this key, or begins it.
   * @throws BusyError when `max` is reached; whatever `work` throws, to every waiter
   */
  run(key: string, work: () => Promise<Value>): Promise<Value> {
    if (this.#sharing === 'request') return work()
    const known = this.#flights.get(key)
    if (known) return known
    if (this.#flights.size >= this.#max) return Promise.reject(new BusyError())
    const flight = work().finally(() => this.#flights.delete(key))
    this.#flights.set(key, flight)
    return flight
  }
}
