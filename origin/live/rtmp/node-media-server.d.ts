/** The parts of node-media-server's wire classes that wire.ts builds on. Written from their sources (4.4). */

declare module 'node-media-server/src/protocol/rtmp.js' {
  export interface RtmpPacket {
    header: { fmt: number; cid: number; timestamp: number; length: number; type: number; stream_id: number }
    /** Message time in milliseconds. */
    clock: number
    payload: Buffer
    capacity: number
    /** How much of the payload has arrived. */
    bytes: number
  }

  export default class Rtmp {
    handshakePayload: Buffer
    /** 0: nothing yet, 1: C0, 2: C1, 3: done. */
    handshakeState: number
    handshakeBytes: number
    parserBuffer: Buffer
    parserState: number
    parserBytes: number
    parserBasicBytes: number
    parserPacket: RtmpPacket
    inPackets: Map<number, RtmpPacket>
    inChunkSize: number
    outChunkSize: number
    ackSize?: number
    objectEncoding: number
    streams: number
    onOutputCallback: (bytes: Buffer) => void
    parserData(bytes: Buffer): string | null
    packetParse(): void
    packetAlloc(): void
    packetHandler(): void
    chunkMessageHeaderRead(): number
    sendACK(sizeBytes: number): void
    sendWindowACK(sizeBytes: number): void
    setPeerBandwidth(sizeBytes: number, type: number): void
    setChunkSize(sizeBytes: number): void
    sendStreamStatus(event: number, streamId: number): void
    sendInvokeMessage(streamId: number, message: Record<string, unknown>): void
    sendStatusMessage(streamId: number, level: string, code: string, description: string): void
    respondConnect(transactionId: number): void
    respondCreateStream(transactionId: number): void
  }
}

declare module 'node-media-server/src/protocol/amf.js' {
  const amf: { decodeAmf0Cmd(payload: Buffer): Record<string, unknown> }
  export default amf
}

declare module 'node-media-server/src/core/logger.js' {
  const logger: { log: (message: string, level?: string) => void }
  export default logger
}
