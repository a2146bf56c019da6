import { connect, type Socket } from 'node:net'

/** One RTMP message as it is put on the wire. */
export interface OutMessage {
  chunkStream: number
  type: number
  timestampMs?: number
  messageStream?: number
  payload: Uint8Array
}

/** A value of a command: AMF0's number, string, boolean, null and object. */
export type AmfValue = number | string | boolean | null | { [key: string]: AmfValue }

/** C0 and C1 of the plain handshake. */
export function handshakeStart(): Buffer {
  const bytes = Buffer.alloc(1 + 1536, 7)
  bytes[0] = 3
  bytes.writeUInt32BE(0, 1)
  bytes.writeUInt32BE(0, 5)
  return bytes
}

/** C2: anything of its size. */
export function handshakeEnd(): Buffer {
  return Buffer.alloc(1536, 9)
}

/** A message cut into chunks: one full header, then headers of type 3. */
export function chunked(message: OutMessage, chunkSizeBytes = 128): Buffer {
  const { chunkStream, type, timestampMs = 0, messageStream = 0, payload } = message
  const extended = timestampMs >= 0xffffff
  const header = Buffer.alloc(11)
  header.writeUIntBE(extended ? 0xffffff : timestampMs, 0, 3)
  header.writeUIntBE(payload.length, 3, 3)
  header[6] = type
  header.writeUInt32LE(messageStream, 7)
  const stamp = Buffer.alloc(extended ? 4 : 0)
  if (extended) stamp.writeUInt32BE(timestampMs)
  const out: Uint8Array[] = [basicHeader(0, chunkStream), header, stamp]
  for (let at = 0; at === 0 || at < payload.length; at += chunkSizeBytes) {
    if (at > 0) out.push(basicHeader(3, chunkStream), stamp)
    out.push(payload.subarray(at, at + chunkSizeBytes))
  }
  return Buffer.concat(out)
}

/** A chunk's basic header: one, two or three bytes by the chunk stream's id (RTMP 5.3.1.1). */
export function basicHeader(format: number, chunkStream: number): Buffer {
  if (chunkStream < 64) return Buffer.from([(format << 6) | chunkStream])
  if (chunkStream < 320) return Buffer.from([format << 6, chunkStream - 64])
  return Buffer.from([(format << 6) | 1, (chunkStream - 64) & 0xff, (chunkStream - 64) >> 8])
}

/** AMF0 values, one after the other. */
export function amf(...values: AmfValue[]): Buffer {
  return Buffer.concat(values.map(amfValue))
}

function amfValue(value: AmfValue): Buffer {
  if (value === null) return Buffer.from([5])
  if (typeof value === 'boolean') return Buffer.from([1, value ? 1 : 0])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9)
    bytes.writeDoubleBE(value, 1)
    return bytes
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), amfText(value)])
  const fields = Object.entries(value).map(([key, field]) => Buffer.concat([amfText(key), amfValue(field)]))
  return Buffer.concat([Buffer.from([3]), ...fields, Buffer.from([0, 0, 9])])
}

function amfText(value: string): Buffer {
  const text = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([length, text])
}

/** A command on chunk stream 3. */
export function command(messageStream: number, ...values: AmfValue[]): Buffer {
  return chunked({ chunkStream: 3, type: 20, messageStream, payload: amf(...values) })
}

/** Sets the size of the chunks that follow. */
export function setChunkSize(sizeBytes: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(sizeBytes)
  return chunked({ chunkStream: 2, type: 1, payload })
}

/** What an encoder says up to and with its publish command. */
export function publishCommands(key: string, { app = 'live', chatty = false } = {}): Buffer {
  const tcUrl = `rtmp://localhost/${app}`
  return Buffer.concat([
    command(0, 'connect', 1, { app, type: 'nonprivate', flashVer: 'test', tcUrl }),
    ...(chatty ? [command(0, 'releaseStream', 2, null, key), command(0, 'FCPublish', 3, null, key)] : []),
    command(0, 'createStream', 4, null),
    command(1, 'publish', 5, null, key, 'live'),
  ])
}

/** A raw connection to an RTMP server, which keeps what it answers. */
export class RtmpClient {
  readonly socket: Socket
  readonly closed: Promise<void>
  #received = Buffer.alloc(0)
  #waiting: (() => void)[] = []

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay(true)
    this.socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes])
      for (const wake of this.#waiting.splice(0)) wake()
    })
    // A server that has had enough may reset the connection.
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) =>
      this.socket.once('close', () => {
        for (const wake of this.#waiting.splice(0)) wake()
        resolve()
      }),
    )
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** Resolves when the answers hold this text; rejects when the connection ends without it. */
  async hears(text: string): Promise<void> {
    while (!this.#received.includes(text)) {
      if (this.socket.destroyed) throw new Error(`the connection ended without "${text}": ${this.said}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** All that the server has said after its handshake, as text. */
  get said(): string {
    return this.#received.subarray(1 + 2 * 1536).toString('latin1')
  }

  /** Resolves when so many bytes have come. */
  async receives(sizeBytes: number): Promise<void> {
    while (this.#received.length < sizeBytes && !this.socket.destroyed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** The whole handshake. */
  async shakeHands(): Promise<void> {
    this.write(handshakeStart())
    await this.receives(1 + 2 * 1536)
    this.write(handshakeEnd())
  }
}
