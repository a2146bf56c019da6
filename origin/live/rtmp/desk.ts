import type { FlvTag } from '../../media/flv/reader.ts'
import type { PublishOffer } from './session.ts'

/** What the RTMP server asks of whoever owns it: may this encoder publish, and where do its messages go? */
export interface PublishDesk {
  /**
   * Decides on an offer within a few seconds; the connection's messages are held back so long.
   * @throws PublishRefused with what to tell the encoder
   */
  open(offer: PublishOffer, encoder: Encoder): Promise<Publication>
}

/** The connection as its publication sees it. */
export interface Encoder {
  remoteAddress: string
  /** How long no byte has come from it, in milliseconds. */
  silentMs(): number
  /** Tells the encoder why and closes its connection; `Publication.close` is called as for any other end. */
  end(code: string, description: string): void
}

/** A stream that was let in. Its owner is the connection, which calls `close` exactly once. */
export interface Publication {
  /**
   * Takes the next message.
   * @throws PublishRefused when the stream can't be carried; any other error means that the message was broken
   */
  take(message: FlvTag): void
  close(reason: CloseReason): void
}

/** Why a connection ended; also a label of its counter. */
export type CloseReason =
  | 'finished'
  | 'peer-closed'
  | 'idle'
  | 'establish-timeout'
  | 'protocol'
  | 'refused'
  | 'ended-here'
  | 'unread-answers'
  | 'socket-error'
  | 'shutdown'

/** The offer was turned down; `code` and `message` go to the encoder as an onStatus. */
export class PublishRefused extends Error {
  readonly code: string
  constructor(
    code: 'NetStream.Publish.BadName' | 'NetStream.Publish.Denied' | 'NetStream.Publish.Failed',
    message: string,
  ) {
    super(message)
    this.name = 'PublishRefused'
    this.code = code
  }
}
