import { connect, type Socket } from 'node:net'
import { clockMs } from './stamps.ts'

/** An answer, whole. */
export interface HttpAnswer {
  status: number
  sizeBytes: number
  /** Null where the asker did not want it. */
  body: Buffer | null
  /** When its last byte was read (`clockMs`). */
  atMs: number
}

type Take = (answer: HttpAnswer) => void

/** Larger than most parts: one read each. All connections of a process read into it, one at a time. */
const readBuffer = Buffer.allocUnsafe(256 * 1024)
const HEAD_END = Buffer.from('\r\n\r\n')
const MAX_HEAD_BYTES = 16 * 1024

/**
 * One keep-alive HTTP/1.1 connection to loopback, one request at a time: so lean that what is measured is the server.
 * Takes answers with a Content-Length, which is what the edge and nginx give.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #onFailed: (error: Error) => void
  #take: Take | null = null
  #wantBody = false
  #head: Buffer = Buffer.alloc(0)
  #status = 0
  #sizeBytes = 0
  #leftBytes = 0
  #body: Buffer | null = null
  #reject: (error: Error) => void = () => {}
  #closed = false

  /** @param onFailed called once when the connection breaks while it is wanted; `read` tells of it by itself */
  constructor(port: number, onFailed: (error: Error) => void = () => {}) {
    this.#onFailed = onFailed
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (count) => {
          this.#read(readBuffer.subarray(0, count))
          return true
        },
      },
    })
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  /** Asks; the answer's body is kept only if it is wanted. */
  get(path: string, wantBody: boolean, take: Take): void {
    if (this.#take) throw new Error('the last answer has not come yet')
    this.#take = take
    this.#wantBody = wantBody
    this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
  }

  /** Asks and gives the answer with its body. @throws when the answer isn't 200, or the connection breaks */
  async read(path: string): Promise<{ body: Buffer; atMs: number }> {
    if (this.#closed) throw new Error('the connection is closed')
    const { status, body, atMs } = await new Promise<HttpAnswer>((resolve, reject) => {
      this.#reject = reject
      this.get(path, true, resolve)
    })
    if (status !== 200 || body === null)
      throw new Error(`${status} for ${path.replace(/^\/p\/[^/]+/, '/p/-')}`)
    return { body, atMs }
  }

  close(): void {
    this.#closed = true
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    if (this.#closed) return
    this.close()
    this.#reject(error)
    this.#onFailed(error)
  }

  #read(bytes: Buffer): void {
    let rest = bytes
    if (this.#leftBytes === 0) {
      const start = this.#readHead(rest)
      if (start < 0) return
      rest = rest.subarray(start)
    }
    if (this.#body) rest.copy(this.#body, this.#sizeBytes - this.#leftBytes)
    this.#leftBytes -= rest.length
    if (this.#leftBytes > 0) return
    const answer = { status: this.#status, sizeBytes: this.#sizeBytes, body: this.#body, atMs: clockMs() }
    const take = this.#take
    this.#take = null
    this.#body = null
    take?.(answer)
  }

  /** Where the body begins in these bytes; negative while the head isn't whole, or where there is no telling. */
  #readHead(bytes: Buffer): number {
    const before = this.#head.length
    const head = before === 0 ? bytes : Buffer.concat([this.#head, bytes])
    const end = head.indexOf(HEAD_END)
    if (end < 0) {
      if (head.length > MAX_HEAD_BYTES) this.#fail(new Error('an answer whose head does not end'))
      this.#head = Buffer.from(head)
      return -1
    }
    this.#head = Buffer.alloc(0)
    const text = head.toString('latin1', 0, end)
    this.#status = Number(text.slice(9, 12))
    this.#sizeBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? Number.NaN)
    if (Number.isNaN(this.#sizeBytes)) {
      this.#fail(new Error('an answer that does not say how long it is'))
      return -1
    }
    this.#leftBytes = this.#sizeBytes
    this.#body = this.#wantBody ? Buffer.allocUnsafe(this.#sizeBytes) : null
    return end + HEAD_END.length - before
  }
}
