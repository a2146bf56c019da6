import logger from 'node-media-server/src/core/logger.js'
import amf from 'node-media-server/src/protocol/amf.js'
import Rtmp from 'node-media-server/src/protocol/rtmp.js'
import type { FlvTag } from '../../media/flv/reader.ts'
import type { RtmpLimits } from './limits.ts'
import type { Payloads } from './payloads.ts'
import { WireError } from './wire-error.ts'

// It prints what strangers send, a line each; what matters is in our own errors.
logger.log = () => {}

/** A command as it was decoded; every field comes from outside and may be anything. */
export interface RtmpCommand {
  name: string
  transactionId: number
  /** Message stream on which it came. */
  streamId: number
  fields: Readonly<Record<string, unknown>>
}

export interface WireHandler {
  /** Bytes for the peer. */
  output(bytes: Buffer): void
  command(command: RtmpCommand): void
  /** An audio, video or script message. Its bytes are the receiver's to keep. */
  message(message: FlvTag): void
}

/** One connection's protocol: bytes in, commands and messages out, answers as bytes for the socket. */
export interface Wire {
  /** @throws WireError, or what the handler throws; the wire is then of no further use */
  read(bytes: Buffer): void
  /** True once the handshake is over. */
  readonly open: boolean
  /** From here on messages may be as large as media are. */
  expectMedia(): void
  answerConnect(transactionId: number, objectEncoding: number): void
  answerCreateStream(transactionId: number): void
  /** An empty `_result`. */
  answer(transactionId: number): void
  /** The event by which a stream may be written to (RTMP 7.1.7, Stream Begin). */
  beginStream(streamId: number): void
  status(streamId: number, level: 'status' | 'error', code: string, description: string): void
}

/**
 * node-media-server's class without its constructor, which reserves a megabyte for reading FLV files. What the
 * constructor would set, the class below sets.
 */
const WireMethods = (() => {
  function WireMethods(): void {}
  WireMethods.prototype = Rtmp.prototype
  return WireMethods as unknown as typeof Rtmp
})()

const RTMP_VERSION = 3
const HANDSHAKE_BYTES = 1536
const MAX_HEADER_BYTES = 18
const OUT_CHUNK_BYTES = 65_535
const HANDSHAKE_DONE = 3
const MIN_CHUNK_BYTES = 128
const WINDOW_BYTES = 2_500_000
const NOTHING = Buffer.alloc(0)

/** Makes the wire of one connection. */
export function createWire(handler: WireHandler, limits: RtmpLimits, payloads: Payloads): Wire {
  return new GuardedRtmp(handler, limits, payloads)
}

/**
 * node-media-server's chunk reader, handshake and AMF with what they lack: limits before memory is reserved, right
 * chunk stream ids, checked chunk sizes, aborts, a clock that wraps, a payload of its own for each message.
 */
class GuardedRtmp extends WireMethods implements Wire {
  readonly #handler: WireHandler
  readonly #limits: RtmpLimits
  readonly #payloads: Payloads
  #mediaBytes: number
  #bufferedBytes = 0
  #receivedBytes = 0
  #acknowledgedBytes = 0
  #failed = false

  constructor(handler: WireHandler, limits: RtmpLimits, payloads: Payloads) {
    super()
    this.#handler = handler
    this.#limits = limits
    this.#payloads = payloads
    this.#mediaBytes = limits.commandBytes
    this.onOutputCallback = (bytes) => handler.output(bytes)
    this.handshakePayload = Buffer.allocUnsafe(HANDSHAKE_BYTES)
    this.handshakeState = 0
    this.handshakeBytes = 0
    this.parserBuffer = Buffer.allocUnsafe(MAX_HEADER_BYTES)
    this.parserState = 0
    this.parserBytes = 0
    this.parserBasicBytes = 0
    this.parserPacket = newPacket(0)
    this.inPackets = new Map()
    this.inChunkSize = MIN_CHUNK_BYTES
    this.outChunkSize = OUT_CHUNK_BYTES
    this.objectEncoding = 0
    this.streams = 0
  }

  get open(): boolean {
    return this.handshakeState === HANDSHAKE_DONE
  }

  read(bytes: Buffer): void {
    if (this.#failed || bytes.length === 0) return
    const wasOpen = this.open
    try {
      if (this.handshakeState === 0 && bytes[0] !== RTMP_VERSION)
        throw new WireError('not-rtmp', 'not RTMP version 3')
      this.parserData(bytes)
    } catch (error) {
      this.#failed = true
      throw error
    }
    if (!wasOpen && this.open) this.handshakePayload = NOTHING
    this.#acknowledge(bytes.length)
  }

  expectMedia(): void {
    this.#mediaBytes = this.#limits.mediaBytes
  }

  answerConnect(transactionId: number, objectEncoding: number): void {
    this.objectEncoding = objectEncoding
    this.sendWindowACK(WINDOW_BYTES)
    this.setPeerBandwidth(WINDOW_BYTES, 2)
    this.setChunkSize(this.outChunkSize)
    this.respondConnect(transactionId)
  }

  answerCreateStream(transactionId: number): void {
    this.respondCreateStream(transactionId)
  }

  answer(transactionId: number): void {
    this.sendInvokeMessage(0, { cmd: '_result', transId: transactionId, cmdObj: null, info: undefined })
  }

  beginStream(streamId: number): void {
    this.sendStreamStatus(0, streamId)
  }

  status(streamId: number, level: 'status' | 'error', code: string, description: string): void {
    // The encoder writes a string's length in characters, so only ASCII comes out right.
    this.sendStatusMessage(streamId, level, code, description.replace(/[^\x20-\x7e]/g, '?').slice(0, 500))
  }

  override packetParse(): void {
    const fmt = this.#byte(0) >> 6
    const cid = this.#chunkStreamId()
    const known = this.inPackets.get(cid)
    if (!known && fmt > 1) throw new WireError('chunk-header', 'a chunk stream must begin with a full header')
    if (known && known.bytes > 0 && fmt !== 3)
      throw new WireError('chunk-header', 'a header inside a message')
    if (!known && this.inPackets.size >= this.#limits.chunkStreams) {
      throw new WireError('chunk-streams', `more than ${this.#limits.chunkStreams} chunk streams`)
    }
    const packet = known ?? newPacket(cid)
    if (!known) this.inPackets.set(cid, packet)
    packet.header.fmt = fmt
    this.parserPacket = packet
    this.chunkMessageHeaderRead()
    const isMedia = packet.header.type === 8 || packet.header.type === 9
    const limit = isMedia ? this.#mediaBytes : this.#limits.commandBytes
    if (packet.header.length > limit) {
      throw new WireError('message-size', `a message of ${packet.header.length} bytes, over ${limit}`)
    }
  }

  /** Called when a message begins. */
  override packetAlloc(): void {
    const packet = this.parserPacket
    packet.clock %= 2 ** 32
    this.#bufferedBytes += packet.header.length
    if (this.#bufferedBytes > this.#limits.bufferedBytes) {
      throw new WireError('buffered', `more than ${this.#limits.bufferedBytes} bytes of unfinished messages`)
    }
    packet.payload = this.#payloads.allocate(packet.header.length)
    packet.capacity = packet.header.length
  }

  /** Called when a message is complete. */
  override packetHandler(): void {
    const packet = this.parserPacket
    const data = packet.payload
    const { type } = packet.header
    packet.payload = NOTHING
    packet.capacity = 0
    this.#bufferedBytes -= data.length
    switch (type) {
      case 8:
      case 9:
      case 18:
        this.#handler.message({ type, timestampMs: packet.clock, data })
        break
      case 17: // AMF3's commands are AMF0 after one byte
        this.#command(data.subarray(1))
        break
      case 20:
        this.#command(data)
        break
      case 1:
        this.#takeChunkSize(number(data))
        break
      case 2:
        this.#abort(number(data))
        break
      case 5:
        this.ackSize = number(data)
    }
  }

  #command(payload: Buffer): void {
    const { cmd, transId, ...fields } = decodeCommand(payload)
    if (typeof cmd !== 'string') throw new WireError('malformed', 'a command without a name')
    const transactionId = typeof transId === 'number' && Number.isFinite(transId) ? transId : 0
    this.#handler.command({ name: cmd, transactionId, streamId: this.parserPacket.header.stream_id, fields })
  }

  #takeChunkSize(sizeBytes: number): void {
    if (sizeBytes < MIN_CHUNK_BYTES || sizeBytes > this.#limits.chunkSizeBytes) {
      throw new WireError('chunk-size', `a chunk size of ${sizeBytes} bytes`)
    }
    for (const packet of this.inPackets.values()) {
      if (packet.bytes > 0) throw new WireError('chunk-size', 'a new chunk size inside a message')
    }
    this.inChunkSize = sizeBytes
  }

  /** Drops what has arrived of an unfinished message (RTMP 5.4.2). */
  #abort(cid: number): void {
    const packet = this.inPackets.get(cid)
    if (!packet || packet.bytes === 0) return
    this.#bufferedBytes -= packet.payload.length
    packet.payload = NOTHING
    packet.bytes = 0
  }

  /** RTMP 5.3.1.1: one, two or three bytes, the latter little-endian. */
  #chunkStreamId(): number {
    if (this.parserBasicBytes === 2) return 64 + this.#byte(1)
    if (this.parserBasicBytes === 3) return 64 + this.#byte(1) + this.#byte(2) * 256
    return this.#byte(0) & 0x3f
  }

  #byte(index: number): number {
    return this.parserBuffer[index] ?? 0
  }

  /** Peers that count wait for this after a window of bytes (RTMP 5.4.3). */
  #acknowledge(sizeBytes: number): void {
    this.#receivedBytes += sizeBytes
    const windowBytes = Math.max(64 * 1024, this.ackSize ?? WINDOW_BYTES)
    if (!this.open || this.#receivedBytes - this.#acknowledgedBytes < windowBytes / 2) return
    this.#acknowledgedBytes = this.#receivedBytes
    this.sendACK(this.#receivedBytes % 2 ** 32)
  }
}

function newPacket(cid: number): Rtmp['parserPacket'] {
  const header = { fmt: 0, cid, timestamp: 0, length: 0, type: 0, stream_id: 0 }
  return { header, clock: 0, payload: NOTHING, capacity: 0, bytes: 0 }
}

/** A control message's one number (RTMP 5.4). */
function number(data: Buffer): number {
  if (data.length < 4) throw new WireError('malformed', 'a control message that is too short')
  return data.readUInt32BE()
}

/** The decoder throws whatever its reading past the end, or too deep, comes to. */
function decodeCommand(payload: Buffer): Record<string, unknown> {
  try {
    return amf.decodeAmf0Cmd(payload)
  } catch (error) {
    throw new WireError('malformed', `a command that cannot be decoded: ${String(error)}`)
  }
}
