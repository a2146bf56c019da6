/** What one RTMP connection may ask of us. Each is checked before anything is reserved for it. */
export interface RtmpLimits {
  /** Chunk streams a peer may open; encoders use four to six. */
  chunkStreams: number
  /** Largest chunk size taken; the smallest is the protocol's default of 128. */
  chunkSizeBytes: number
  /** Largest command, control or data message. */
  commandBytes: number
  /** Largest audio or video message. */
  mediaBytes: number
  /** Messages begun and not complete, and media held back while a key is being checked. */
  bufferedBytes: number
  /** What we answered and the peer has not read. */
  unreadBytes: number
}

export const defaultLimits: RtmpLimits = {
  chunkStreams: 32,
  chunkSizeBytes: 16 * 1024 * 1024,
  commandBytes: 64 * 1024,
  mediaBytes: 8 * 1024 * 1024,
  bufferedBytes: 12 * 1024 * 1024,
  unreadBytes: 64 * 1024,
}

export interface RtmpTimeouts {
  /** From the connection's first moment until its key is given; also for a TLS handshake. */
  establishMs: number
  /** Without a byte. */
  idleMs: number
  /** For a last message to be read before the socket is destroyed. */
  lingerMs: number
}

export const defaultTimeouts: RtmpTimeouts = { establishMs: 10_000, idleMs: 10_000, lingerMs: 1_000 }
