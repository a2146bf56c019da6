import { vi } from 'vitest'
import type { Grant } from '../../origin/live/grant.ts'
import { HeldBroadcasts } from '../../origin/live/held-broadcasts.ts'
import type { Ladder, LadderRequest } from '../../origin/live/ladder.ts'
import { liveMetrics } from '../../origin/live/metrics.ts'
import type { Recordings } from '../../origin/live/recordings.ts'
import { LiveRegistry } from '../../origin/live/registry.ts'
import { type StreamReport, StreamReports } from '../../origin/live/reports.ts'
import type { CloseReason, Publication } from '../../origin/live/rtmp/desk.ts'
import type { SessionParts } from '../../origin/live/session.ts'
import type { FlvTag } from '../../origin/media/flv/reader.ts'
import type { SourceEvent } from '../../origin/media/types.ts'
import { createLinter } from './hls-linter/linter.ts'
import { quietLog, testMetrics } from './origin-parts.ts'

/** What an encoder sends, as RTMP messages (Adobe FLV 10.1, annex E). */
function tagOf(event: SourceEvent): FlvTag {
  if (event.type === 'track') {
    const { kind, config } = event.track
    return kind === 'video'
      ? { type: 9, timestampMs: 0, data: Uint8Array.of(0x17, 0, 0, 0, 0, ...config) }
      : { type: 8, timestampMs: 0, data: Uint8Array.of(0xaf, 0, ...config) }
  }
  const { kind, dtsMs, ptsMs, data } = event
  if (kind === 'audio') return { type: 8, timestampMs: dtsMs, data: Uint8Array.of(0xaf, 1, ...data) }
  const cts = ptsMs - dtsMs
  const head = ((data[4] ?? 0) & 0x1f) === 5 ? 0x17 : 0x27
  const bytes = Uint8Array.of(head, 1, (cts >> 16) & 255, (cts >> 8) & 255, cts & 255, ...data)
  return { type: 9, timestampMs: dtsMs, data: bytes }
}

const TIMELINE = '01jd0000000000000000000000'
const LOOK_MS = 200

/** An encoder on a stage: what it heard, and how to go. */
interface StagedEncoder {
  readonly publication: Publication
  readonly heard: readonly string[]
  silentSinceMs: number
}

/** A node's broadcasts without sockets, under fake timers, with a linter that reads every playlist five times a second. */
export class HeldStage {
  readonly linter = createLinter({ slackMs: 0 })
  readonly registry = new LiveRegistry()
  readonly reported: StreamReport[] = []
  /** Ids of the rungs that ladders are asked for: the slots; null where none were named. */
  readonly askedSlots: (readonly string[] | null)[] = []
  /** What ladders have. */
  rungs: readonly string[] = []
  readonly ladders: LadderRequest[] = []
  api = { away: false, verdict: '' }
  readonly broadcasts: HeldBroadcasts
  #sinceLookMs = 0

  /** @param recordings of what is archived */
  constructor(recordings: Recordings | null = null) {
    const metrics = liveMetrics(testMetrics().metrics)
    const reports = new StreamReports({
      send: async (batch) => {
        if (this.api.away) throw new Error('away')
        this.reported.push(...batch)
        return batch.map(() => ({ end: this.api.verdict !== '', reason: this.api.verdict }))
      },
      log: quietLog,
      metrics,
      intervalMs: 1,
    })
    const parts: SessionParts = {
      api: { reserveSequences: async () => Promise.reject(new Error('away')) } as never,
      // Nobody asks for it where nothing is archived.
      recordings: recordings as never,
      makeLadder: (request) => this.#ladder(request),
      metrics,
      nowMs: () => Date.now(),
    }
    this.broadcasts = new HeldBroadcasts({
      ...parts,
      registry: this.registry,
      reports,
      nodeUrl: 'http://node',
      log: quietLog,
    })
  }

  get timeline() {
    return this.registry.get(TIMELINE)
  }

  playlist(renditionId: string): string {
    return this.timeline?.playlist(renditionId, { skip: false }) ?? ''
  }

  /** Lets an encoder in, as the api grants it. */
  admit(grant: Partial<Grant> = {}): StagedEncoder {
    const heard: string[] = []
    const encoder = {
      heard,
      silentSinceMs: Date.now(),
      publication: null as unknown as Publication,
    }
    const epoch = grant.epoch ?? 1
    encoder.publication = this.broadcasts.admit(
      {
        broadcastId: TIMELINE,
        channelId: '01jd0000000000000000000001',
        epoch,
        firstSequence: (epoch - 1) * 60,
        sequenceCount: 60,
        ladder: 'off',
        partTargetMs: 210,
        archive: false,
        reconnectWindowMs: 60_000,
        left: null,
        ...grant,
      },
      {
        remoteAddress: '192.0.2.1',
        silentMs: () => Date.now() - encoder.silentSinceMs,
        end: (_, words) => {
          heard.push(words)
        },
      },
    )
    return encoder
  }

  /** Sends what is due in real time, looking at the playlists meanwhile. @param onSent told of each event */
  async publish(
    encoder: StagedEncoder,
    events: readonly SourceEvent[],
    onSent: (event: SourceEvent) => void = () => {},
  ): Promise<void> {
    const startMs = Date.now()
    for (const event of events) {
      const atMs = event.type === 'sample' ? event.arrivedAtMs : 0
      await this.passUntil(startMs + atMs)
      encoder.silentSinceMs = Date.now()
      encoder.publication.take(tagOf(event))
      onSent(event)
    }
  }

  async pass(ms: number): Promise<void> {
    await this.passUntil(Date.now() + ms)
  }

  async passUntil(atMs: number): Promise<void> {
    while (Date.now() < atMs) {
      const step = Math.min(atMs - Date.now(), LOOK_MS - this.#sinceLookMs)
      await vi.advanceTimersByTimeAsync(step)
      this.#sinceLookMs += step
      if (this.#sinceLookMs >= LOOK_MS) this.look()
    }
  }

  /** Reads every playlist that a viewer can have. */
  look(): void {
    this.#sinceLookMs = 0
    for (const { id } of this.timeline?.renditions ?? []) {
      const text = this.playlist(id)
      const url = `http://edge.test/p/token/live/${TIMELINE}/${id}.m3u8`
      if (text) this.linter.see({ url, text, atMs: Date.now() })
    }
  }

  async close(): Promise<void> {
    await this.broadcasts.close(AbortSignal.abort())
    this.registry.close()
  }

  #ladder(request: LadderRequest): Ladder | null {
    this.askedSlots.push(request.slots ?? null)
    this.ladders.push(request)
    const rungIds = this.rungs.filter((id) => request.slots?.includes(id) ?? true)
    if (rungIds.length === 0) return null
    return { rungIds, activeRungIds: rungIds, warnings: [], push() {}, async finish() {} }
  }
}

/** How an encoder goes. */
export function leave({ publication }: StagedEncoder, reason: CloseReason): void {
  publication.close(reason)
}
