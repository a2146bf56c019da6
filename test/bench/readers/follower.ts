import { posix } from 'node:path'
import type { Deliveries } from '../../support/deliveries.ts'
import { type HttpAnswer, HttpConnection } from '../../support/http-connection.ts'
import { type LivePosition, livePosition } from '../../support/live-position.ts'

/** What the viewers of a process have in common. */
export interface Audience {
  port: number
  deliveries: Deliveries
  /** Playlists that one of them has read, by rendition and directives: all get the same ones. */
  positions: Map<string, LivePosition>
  /** Something that a player would have to make good. */
  fail(what: string): void
}

const KEPT_POSITIONS = 200

/**
 * One viewer's one rendition, followed as hls.js does: blocking reloads of delta updates on one connection; each part
 * that comes to be listed is fetched on another.
 */
export class Follower {
  readonly #audience: Audience
  readonly #folder: string
  readonly #renditionId: string
  readonly #lists: HttpConnection
  readonly #parts: HttpConnection
  #newest: string | null = null
  #wanted: string[] = []
  #fetching = false
  #closed = false

  /** @param folder path in which the playlists are */
  constructor(audience: Audience, folder: string, renditionId: string) {
    this.#audience = audience
    this.#folder = folder
    this.#renditionId = renditionId
    const broken = (error: Error) => audience.fail(error.message)
    this.#lists = new HttpConnection(audience.port, broken)
    this.#parts = new HttpConnection(audience.port, broken)
    this.#reload('')
  }

  close(): void {
    this.#closed = true
    this.#lists.close()
    this.#parts.close()
  }

  #reload(directives: string): void {
    const name = `${this.#renditionId}.m3u8${directives}`
    const known = this.#audience.positions.has(name)
    this.#lists.get(this.#folder + name, !known, (answer) => this.#listed(name, answer))
  }

  #listed(name: string, answer: HttpAnswer): void {
    if (this.#closed) return
    if (answer.status !== 200) {
      this.#audience.fail(`a playlist: ${answer.status}`)
      return
    }
    const { msn, part, parts } = this.#positionOf(name, answer)
    const from = this.#newest === null ? parts.length - 1 : parts.lastIndexOf(this.#newest) + 1
    this.#wanted.push(...parts.slice(from))
    this.#newest = parts.at(-1) ?? this.#newest
    this.#fetch()
    this.#reload(`?_HLS_msn=${msn}&_HLS_part=${part}&_HLS_skip=YES`)
  }

  #positionOf(name: string, { body }: HttpAnswer): LivePosition {
    const { positions } = this.#audience
    const known = positions.get(name)
    if (known) return known
    const position = livePosition(body?.toString('latin1') ?? '')
    // Without directives it is another one each time.
    if (name.includes('?')) positions.set(name, position)
    const oldest = positions.keys().next()
    if (positions.size > KEPT_POSITIONS && !oldest.done) positions.delete(oldest.value)
    return position
  }

  #fetch(): void {
    if (this.#fetching) return
    const part = this.#wanted.shift()
    if (part === undefined) return
    this.#fetching = true
    const { deliveries, fail } = this.#audience
    this.#parts.get(posix.join(this.#folder, part), deliveries.isNew(part), ({ status, atMs, body }) => {
      if (this.#closed) return
      this.#fetching = false
      if (status === 200) deliveries.arrived(part, atMs, body)
      else fail(`a part: ${status}`)
      this.#fetch()
    })
  }
}
