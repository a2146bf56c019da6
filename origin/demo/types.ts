import type { Client } from '@connectrpc/connect'
import type { SetupService } from '@streamtube/contracts/gen/streamtube/v1/setup_pb'
import type { Logger } from '../log.ts'
import type { Blobs } from '../ports/blobs/port.ts'

export interface DemoOptions {
  log: Logger
  /** Generated media is kept in `<dataDir>/demo`, what scripts read in `<dataDir>/demo.json`. */
  dataDir: string
  blobs: Blobs
  setup: Pick<Client<typeof SetupService>, 'prepareDemo' | 'importVideo'>
  /** Where this machine publishes, e.g. "rtmp://127.0.0.1:1935/live". */
  rtmpUrl: string
  /** What people are told to publish to, e.g. "rtmp://localhost:1935/live". */
  publicRtmpUrl: string
  /** Base of what people open. */
  publicUrl: string
  /** Base under which this process reaches the edge. */
  siteUrl: string
  /** Gives the start up. */
  signal: AbortSignal
}

/** A demo that runs until it is closed. */
export interface RunningDemo {
  /** Signs in as the demo's creator, once. */
  signInLink: string
  /** The second channel's place to publish to. */
  server: string
  streamKey: string
  /** Ends the stream and whatever is still being made. */
  close(): Promise<void>
}
