import { createHash } from 'node:crypto'
import { createServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { MessageInitShape } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import {
  type AppendIndexRequest,
  type AuthorizePublisherRequest,
  IngestService,
  type ReportStreamsRequest,
  type StreamReport,
  type StreamSettingsSchema,
  StreamState,
} from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { newId } from '@streamtube/contracts/ids.ts'
import { hasServiceToken } from '../../origin/rpc/token.ts'

export const SERVICE_TOKEN = 'the-service-token-of-a-test'

export interface TestStream {
  broadcastId: string
  channelId: string
  /** Of the publisher that was let in last; 0 before the first. */
  epoch: number
  settings: MessageInitShape<typeof StreamSettingsSchema>
  /** Answered to every report. */
  end: boolean
}

/** The api role's IngestService on a port of its own: the remote peer of an ingest node under test. */
export class IngestApiServer {
  readonly streams = new Map<string, TestStream>()
  readonly authorizations: AuthorizePublisherRequest[] = []
  readonly reports: StreamReport[] = []
  readonly appends: AppendIndexRequest[] = []
  /** Calls by name, in the order in which they were answered. */
  readonly calls: string[] = []
  /** The size of a block of sequence numbers. */
  blockSize = 1_000
  /** Called before a publisher that was let in hears of it. */
  onGrant: () => Promise<void> = async () => {}
  /** Away: every call fails. */
  away = false
  port = 0
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #server = createServer(
    connectNodeAdapter({ routes: (router) => router.service(IngestService, this.#service()) }),
  )
  #next = 0

  async start(): Promise<void> {
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
    })
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#sessions) session.destroy()
    await closed
  }

  /** Makes a key known. */
  addStream(key: string, settings: TestStream['settings'] = {}): TestStream {
    const stream: TestStream = {
      broadcastId: newId(),
      channelId: newId(),
      epoch: 0,
      settings: { ladder: 'off', partTargetMs: 210, archive: true, ...settings },
      end: false,
    }
    this.streams.set(createHash('sha256').update(key).digest('hex'), stream)
    return stream
  }

  reportsOf(stream: TestStream): StreamReport[] {
    return this.reports.filter((report) => report.broadcastId === stream.broadcastId)
  }

  isLive(stream: TestStream): boolean {
    return this.reportsOf(stream).some((report) => report.state === StreamState.LIVE)
  }

  hasEnded(stream: TestStream): boolean {
    return this.reportsOf(stream).some((report) => report.state === StreamState.ENDED)
  }

  segmentsOf(stream: TestStream) {
    return this.appends
      .filter((batch) => batch.timelineId === stream.broadcastId)
      .flatMap((batch) => batch.segments)
  }

  #service() {
    const check = (name: string, headers: Headers) => {
      if (this.away) throw new ConnectError('away', Code.Unavailable)
      if (!hasServiceToken(headers.get('authorization'), SERVICE_TOKEN))
        throw new ConnectError('who?', Code.Unauthenticated)
      this.calls.push(name)
    }
    return {
      authorizePublisher: async (
        request: AuthorizePublisherRequest,
        { requestHeader }: { requestHeader: Headers },
      ) => {
        check('authorizePublisher', requestHeader)
        this.authorizations.push(request)
        const stream = this.streams.get(request.streamKeySha256)
        if (!stream) throw new ConnectError('unknown key', Code.Unauthenticated)
        const { broadcastId, channelId, settings } = stream
        const epoch = ++stream.epoch
        const firstSequence = BigInt(this.#next)
        this.#next += this.blockSize
        await this.onGrant()
        return { broadcastId, channelId, epoch, firstSequence, sequenceCount: this.blockSize, settings }
      },
      reportStreams: ({ reports }: ReportStreamsRequest, { requestHeader }: { requestHeader: Headers }) => {
        check('reportStreams', requestHeader)
        this.reports.push(...reports)
        const verdicts = reports.map(({ broadcastId, epoch }) => {
          const stream = [...this.streams.values()].find((each) => each.broadcastId === broadcastId)
          if (stream && epoch < stream.epoch) return { end: true, reason: 'superseded' }
          return { end: stream?.end ?? true, reason: stream?.end ? 'ended-by-creator' : '' }
        })
        return { verdicts }
      },
      appendIndex: (request: AppendIndexRequest, { requestHeader }: { requestHeader: Headers }) => {
        check('appendIndex', requestHeader)
        this.appends.push(request)
        return {}
      },
      reserveSequences: ({ count }: { count: number }, { requestHeader }: { requestHeader: Headers }) => {
        check('reserveSequences', requestHeader)
        const firstSequence = BigInt(this.#next)
        this.#next += count
        return { firstSequence, count }
      },
    }
  }
}
