import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { FlvReader, type FlvTag } from '../../origin/media/flv/reader.ts'
import {
  basicHeader,
  command,
  handshakeEnd,
  handshakeStart,
  publishCommands,
  setChunkSize,
} from './rtmp-client.ts'
import { clockMs, withRoomForStamp, writeStamp } from './stamps.ts'

/** OBS's chunk size. */
const CHUNK_BYTES = 4096
const HEADER_BYTES = 12

/** A message that is ready for the wire but for its time. */
interface ReadyMessage {
  atMs: number
  /** Type 0 header with a time of zero. */
  header: Buffer
  /** The payload with the headers of its further chunks in it. */
  body: Buffer
  isConfig: boolean
  /** Where in the body the send time goes; null for none. */
  stampAt: number | null
}

/** An FLV file cut into messages once, for any number of publishers. */
export interface ReadySource {
  messages: readonly ReadyMessage[]
  durationMs: number
  sizeBytes: number
}

/**
 * Reads a file for replaying.
 * @param stamped each frame is to say when it was sent (stamps.ts)
 */
export async function readSource(path: string, { stamped = false } = {}): Promise<ReadySource> {
  const tags: FlvTag[] = []
  const reader = new FlvReader((tag) => tags.push({ ...tag, data: Uint8Array.from(tag.data) }))
  for await (const bytes of createReadStream(path)) reader.push(bytes)
  const messages = tags
    .filter((tag) => tag.type !== 18)
    .map((tag) => (stamped ? ready(withRoomForStamp(tag)) : ready({ tag, stampAt: null })))
  return {
    messages,
    durationMs: durationOf(tags),
    sizeBytes: messages.reduce((sum, { header, body }) => sum + header.length + body.length, 0),
  }
}

/** So long that the pictures go on at their pace when the file begins again. */
function durationOf(tags: readonly FlvTag[]): number {
  const times = tags.filter(({ type, data }) => type === 9 && data[1] === 1).map((tag) => tag.timestampMs)
  const [first = 0] = times
  const last = times.at(-1) ?? 0
  return Math.round(((last - first) * times.length) / Math.max(1, times.length - 1))
}

function ready({ tag, stampAt }: { tag: FlvTag; stampAt: number | null }): ReadyMessage {
  const { type, timestampMs, data } = tag
  const chunkStream = type === 9 ? 6 : 4
  const header = Buffer.alloc(HEADER_BYTES)
  basicHeader(0, chunkStream).copy(header)
  header.writeUIntBE(data.length, 4, 3)
  header[7] = type
  header.writeUInt32LE(1, 8)
  const parts: Uint8Array[] = []
  for (let at = 0; at < data.length; at += CHUNK_BYTES) {
    if (at > 0) parts.push(basicHeader(3, chunkStream))
    parts.push(data.subarray(at, at + CHUNK_BYTES))
  }
  return {
    atMs: timestampMs,
    header,
    body: Buffer.concat(parts),
    isConfig: data[1] === 0 && data.length < 200,
    stampAt,
  }
}

/** Publishes a source again and again from this process, which costs next to nothing. */
export class Sender {
  readonly socket: Socket
  readonly #source: ReadySource
  sentMessages = 0
  #index = 0
  #loop = 0

  constructor(port: number, key: string, source: ReadySource) {
    this.#source = source
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay(true)
    this.socket.on('error', () => {})
    this.socket.resume()
    this.socket.write(
      Buffer.concat([handshakeStart(), handshakeEnd(), publishCommands(key), setChunkSize(CHUNK_BYTES)]),
    )
  }

  /** Ends the stream as encoders do, and the connection. */
  async finish(): Promise<void> {
    if (this.socket.destroyed) return
    const closed = once(this.socket, 'close')
    this.socket.end(command(1, 'deleteStream', 6, null, 1))
    await closed
  }

  /** Sends everything that is due at this time of the stream. */
  sendUntil(streamMs: number): void {
    for (;;) {
      const message = this.#source.messages[this.#index]
      const startMs = this.#loop * this.#source.durationMs
      if (!message || message.atMs + startMs > streamMs) return
      this.#send(message, startMs)
    }
  }

  /** Sends the next message, whatever its time; false when the socket has enough. */
  sendNext(): boolean {
    const message = this.#source.messages[this.#index]
    return message ? this.#send(message, this.#loop * this.#source.durationMs) : false
  }

  #send(message: ReadyMessage, startMs: number): boolean {
    const { header, atMs, stampAt } = message
    const body = stampAt === null ? message.body : Buffer.from(message.body)
    let more = true
    // Once is enough for what describes the track.
    if (!message.isConfig || this.#loop === 0) {
      const head = Buffer.from(header)
      head.writeUIntBE((atMs + startMs) % 0xffffff, 1, 3)
      if (stampAt !== null) writeStamp(body, stampAt, clockMs())
      this.socket.cork()
      this.socket.write(head)
      more = this.socket.write(body)
      this.socket.uncork()
      this.sentMessages++
    }
    if (++this.#index === this.#source.messages.length) {
      this.#index = 0
      this.#loop++
    }
    return more
  }
}
