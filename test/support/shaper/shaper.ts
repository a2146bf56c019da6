import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Link, type LinkConditions, perfect, seededRandom } from './link.ts'

/** More than this on its way, in one direction of one connection, and its sender has to wait. */
const MOST_BYTES_IN_FLIGHT = 1 << 20

/** A TCP proxy on loopback that is as bad as a real network: for what is between a browser and the edge. */
export class Shaper {
  readonly port: number
  conditions: LinkConditions = perfect
  readonly #server: Server
  readonly #pipes = new Set<Pipe>()
  #isCut = false

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  /** @param seed the same seed and the same traffic give the same delays */
  static async start(targetPort: number, seed = 1): Promise<Shaper> {
    const random = seededRandom(seed)
    const server = createServer({ allowHalfOpen: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const shaper = new Shaper(server)
    server.on('connection', (near) =>
      shaper.#join(near, connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true }), random),
    )
    return shaper
  }

  /** Nothing passes any more, and nobody is told: a cable that was pulled. */
  cut(): void {
    this.#isCut = true
    for (const pipe of this.#pipes) pipe.hold(true)
  }

  /** What was sent meanwhile arrives. */
  mend(): void {
    this.#isCut = false
    for (const pipe of this.#pipes) pipe.hold(false)
  }

  /** Resets every connection that is open, and answers how many. */
  reset(): number {
    const open = this.#pipes.size / 2
    for (const pipe of this.#pipes) pipe.reset()
    return open
  }

  async close(): Promise<void> {
    this.reset()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket, random: () => number): void {
    const conditions = () => this.conditions
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true)
      const pipe = new Pipe(from, to, new Link(random), conditions)
      pipe.hold(this.#isCut)
      this.#pipes.add(pipe)
      pipe.done.then(() => this.#pipes.delete(pipe))
      // A side that fails takes the other with it, as it would without anything in between.
      from.on('error', () => to.resetAndDestroy())
    }
  }
}

/** One direction of one connection. */
class Pipe {
  /** Resolves when it has delivered the end of the stream, or was broken off. */
  readonly done: Promise<void>
  readonly #from: Socket
  readonly #to: Socket
  readonly #link: Link
  readonly #conditions: () => LinkConditions
  /** On its way, oldest first; null is the end of the stream. */
  readonly #queue: { bytes: Buffer | null; dueMs: number }[] = []
  #inFlightBytes = 0
  #isHeld = false
  #finish: () => void = () => {}
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(from: Socket, to: Socket, link: Link, conditions: () => LinkConditions) {
    this.#from = from
    this.#to = to
    this.#link = link
    this.#conditions = conditions
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
    from.on('data', (bytes: Buffer) => this.#take(bytes))
    from.on('end', () => this.#take(null))
    from.on('close', () => {
      if (!from.readableEnded) this.#breakOff()
    })
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#deliver()
  }

  reset(): void {
    this.#from.resetAndDestroy()
  }

  #breakOff(): void {
    clearTimeout(this.#timer)
    this.#queue.length = 0
    this.#to.resetAndDestroy()
    this.#finish()
  }

  #take(bytes: Buffer | null): void {
    const sizeBytes = bytes?.length ?? 0
    const dueMs = this.#link.arrival(performance.now(), sizeBytes, this.#conditions())
    this.#queue.push({ bytes, dueMs })
    this.#inFlightBytes += sizeBytes
    if (this.#inFlightBytes > MOST_BYTES_IN_FLIGHT) this.#from.pause()
    this.#deliver()
  }

  #deliver(): void {
    clearTimeout(this.#timer)
    if (this.#isHeld) return
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const waitMs = next.dueMs - performance.now()
      if (waitMs > 0.5) {
        this.#timer = setTimeout(() => this.#deliver(), waitMs)
        return
      }
      this.#queue.shift()
      if (next.bytes === null) this.#to.end(this.#finish)
      else this.#to.write(next.bytes)
      this.#inFlightBytes -= next.bytes?.length ?? 0
    }
    if (this.#from.isPaused() && this.#inFlightBytes <= MOST_BYTES_IN_FLIGHT) this.#from.resume()
  }
}
