import type { Socket } from 'node:net'
import type { Logger } from '../../log.ts'
import type { FlvTag } from '../../media/flv/reader.ts'
import { type CloseReason, type Publication, type PublishDesk, PublishRefused } from './desk.ts'
import type { RtmpLimits, RtmpTimeouts } from './limits.ts'
import type { RtmpMetrics } from './metrics.ts'
import type { Payloads } from './payloads.ts'
import { authorized, type PublishOffer, type RtmpAction, type RtmpState, takeCommand } from './session.ts'
import { createWire, type RtmpCommand, type Wire } from './wire.ts'

export interface ConnectionOptions {
  desk: PublishDesk
  limits: RtmpLimits
  timeouts: RtmpTimeouts
  metrics: RtmpMetrics
  payloads: Payloads
  log: Logger
}

/**
 * One encoder's socket: owns it, its timers and its publication, and closes all three together, once. Whatever goes
 * wrong in here ends this connection and no other.
 */
export class RtmpConnection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #log: Logger
  readonly #wire: Wire
  readonly #remoteAddress: string
  readonly #onClosed: () => void
  #state: RtmpState = { name: 'new' }
  #publication: Publication | null = null
  /** Media that came while the key was being checked; null at any other time. */
  #held: FlvTag[] | null = null
  #heldBytes = 0
  /** When bytes came last, by a clock that no one sets. */
  #heardAtMs = performance.now()
  #finished = false
  #closed = false
  #timer: NodeJS.Timeout | null

  constructor(socket: Socket, options: ConnectionOptions, onClosed: () => void) {
    this.#socket = socket
    this.#options = options
    this.#onClosed = onClosed
    this.#remoteAddress = socket.remoteAddress ?? ''
    this.#log = options.log.child({ remoteAddress: this.#remoteAddress })
    this.#wire = createWire(
      {
        output: (bytes) => this.#write(bytes),
        command: (command) => this.#takeCommand(command),
        message: (message) => this.#takeMessage(message),
      },
      options.limits,
      options.payloads,
    )
    this.#timer = setTimeout(() => this.close('establish-timeout'), options.timeouts.establishMs)
    socket.setNoDelay(true)
    socket.setTimeout(options.timeouts.idleMs, () => this.close('idle'))
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('end', () => this.close('peer-closed'))
    socket.on('close', () => this.close('peer-closed'))
    socket.on('error', (error) => {
      this.#log.debug({ err: error }, 'An encoder connection broke')
      this.close('socket-error')
    })
  }

  /** Ends the connection; what was written goes out first, within the linger time. */
  close(why: CloseReason): void {
    if (this.#closed) return
    const reason = this.#finished ? 'finished' : why
    this.#closed = true
    this.#state = { name: 'finished' }
    this.#held = null
    if (this.#timer) clearTimeout(this.#timer)
    this.#options.metrics.closed(reason)
    this.#log.debug({ reason }, 'An encoder connection closed')
    this.#letGo(reason)
    this.#publication?.close(reason)
    this.#publication = null
    this.#onClosed()
  }

  /**
   * Ends our side, and reads on (to nowhere) until the peer ends its own: closing a socket in which bytes wait unread
   * resets it, and an encoder that is still sending would never read why it was turned away.
   */
  #letGo(reason: CloseReason): void {
    const socket = this.#socket
    if (socket.destroyed) return
    if (reason === 'shutdown') {
      // Nothing was said, and nobody waits for the encoder's last words.
      socket.destroySoon()
      return
    }
    const timer = setTimeout(() => socket.destroy(), this.#options.timeouts.lingerMs)
    socket.once('close', () => clearTimeout(timer))
    socket.resume()
    socket.end()
  }

  #read(bytes: Buffer): void {
    if (this.#closed) return
    this.#heardAtMs = performance.now()
    this.#options.metrics.received(bytes.length)
    this.#guard(() => this.#wire.read(bytes))
  }

  /** What an encoder sent may break what reads it: that ends this connection, with a word where there is one. */
  #guard(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (error instanceof PublishRefused) {
        this.#turnDown(error)
      } else {
        this.#options.metrics.parseError()
        this.#log.warn({ err: error }, 'An encoder sent what cannot be read')
        this.close('protocol')
      }
    }
  }

  #write(bytes: Buffer): void {
    if (this.#closed || this.#socket.destroyed) return
    this.#socket.write(bytes)
    if (this.#socket.writableLength > this.#options.limits.unreadBytes) this.close('unread-answers')
  }

  #takeCommand(command: RtmpCommand): void {
    const { state, actions } = takeCommand(this.#state, command)
    this.#state = state
    for (const action of actions) this.#perform(action)
  }

  #perform(action: RtmpAction): void {
    switch (action.do) {
      case 'answer-connect':
        this.#wire.answerConnect(action.transactionId, action.objectEncoding)
        break
      case 'answer-create-stream':
        this.#wire.answerCreateStream(action.transactionId)
        break
      case 'answer':
        this.#wire.answer(action.transactionId)
        break
      case 'authorize':
        void this.#authorize(action.offer)
        break
      case 'finish':
        this.#finish()
        break
      case 'refuse':
        this.#refuse(action.streamId, action.code, action.description)
        break
      default:
        action satisfies never
    }
  }

  #takeMessage(message: FlvTag): void {
    if (this.#publication) {
      this.#publication.take(message)
    } else if (this.#held) {
      this.#heldBytes += message.data.length
      if (this.#heldBytes > this.#options.limits.bufferedBytes) this.close('protocol')
      else this.#held.push(message)
    }
  }

  /** Nothing more is read until the desk has decided; what is already here waits in `#held`, which is bounded. */
  async #authorize(offer: PublishOffer): Promise<void> {
    this.#held = []
    this.#wire.expectMedia()
    this.#socket.pause()
    // The desk has its own deadline.
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    try {
      const publication = await this.#options.desk.open(offer, {
        remoteAddress: this.#remoteAddress,
        silentMs: () => performance.now() - this.#heardAtMs,
        end: (code, description) => this.#end(code, description),
      })
      if (this.#closed || this.#finished) publication.close('peer-closed')
      else this.#begin(publication)
    } catch (error) {
      this.#turnDown(error)
    }
  }

  #begin(publication: Publication): void {
    this.#publication = publication
    // Until now nothing was read.
    this.#heardAtMs = performance.now()
    this.#state = authorized(this.#state)
    this.#wire.beginStream(this.#streamId)
    this.#tell('status', 'NetStream.Publish.Start', 'The stream is being published.')
    const held = this.#held ?? []
    this.#held = null
    this.#guard(() => {
      for (const message of held) this.#takeMessage(message)
    })
    this.#socket.resume()
  }

  #turnDown(error: unknown): void {
    if (this.#closed) return
    if (error instanceof PublishRefused) {
      this.#log.info({ code: error.code, reason: error.message }, 'An encoder was refused')
      this.#refuse(this.#streamId, error.code, error.message)
    } else {
      this.#log.error({ err: error }, 'An encoder could not be let in')
      this.#refuse(
        this.#streamId,
        'NetStream.Publish.Failed',
        'The server cannot take streams now. Try again.',
      )
    }
  }

  /** The stream is over; the encoder still says its last words, and closing before it has would be an error to it. */
  #finish(): void {
    this.#finished = true
    this.#publication?.close('finished')
    this.#publication = null
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.close('finished'), this.#options.timeouts.lingerMs)
  }

  #refuse(streamId: number, code: string, description: string): void {
    this.#wire.status(streamId, 'error', code, description)
    this.close('refused')
  }

  #end(code: string, description: string): void {
    if (this.#closed) return
    this.#tell('status', code, description)
    this.close('ended-here')
  }

  #tell(level: 'status' | 'error', code: string, description: string): void {
    this.#wire.status(this.#streamId, level, code, description)
  }

  get #streamId(): number {
    return this.#state.name === 'authorizing' || this.#state.name === 'publishing' ? this.#state.streamId : 0
  }
}
