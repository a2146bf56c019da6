import { type MediaPath, parseMediaPath } from '@streamtube/contracts/media-paths.ts'
import { type HlsDirectives, parseHlsDirectives } from '../media/hls-directives.ts'
import type { LiveTimeline, WaitOutcome } from '../media/live-timeline.ts'

/** What a media request is answered with, before it is written to a socket. */
export type MediaAnswer =
  | { type: 'object'; chunks: readonly Uint8Array[]; sizeBytes: number }
  /** `partAtMs`: when the last sample of the part came in for which the reader waited; null when it did not. */
  | { type: 'playlist'; text: string; partAtMs: number | null }
  | { type: 'problem'; status: 400 | 404 | 503; title: string }

export interface MediaRequest {
  /** What follows `/media/`. */
  rest: string
  query: URLSearchParams
  /** The reader has gone. */
  signal: AbortSignal
  nowMs: number
}

const notFound = { type: 'problem', status: 404, title: 'Nothing is here' } as const

/** Where media are. */
export interface MediaSources {
  timelineOf(timelineId: string): LiveTimeline | null
  /** An object that is neither in a timeline's memory nor in blobs yet, or null. */
  spooled(path: MediaPath): Promise<Uint8Array | null>
}

/**
 * Answers a media address out of the live timelines, and out of the spool what blobs may not have yet; waits where a
 * player asks for what comes next.
 */
export async function answerMedia(request: MediaRequest, sources: MediaSources): Promise<MediaAnswer> {
  const path = parseMediaPath(request.rest)
  if (!path) return notFound
  const timeline = sources.timelineOf('timelineId' in path ? path.timelineId : path.assetId)
  if (!timeline) return await unknown(path, sources)
  switch (path.type) {
    case 'master':
      return path.kind === 'live' ? master(timeline, request) : notFound
    case 'playlist':
      return path.kind === 'live' ? playlist(timeline, path.renditionId, request) : notFound
    case 'part':
      return part(timeline, path, request)
    case 'sheet':
      return notFound
    case 'init':
    case 'segment': {
      const found = object(timeline, path)
      return found.type === 'object' ? found : await kept(path, sources)
    }
    default:
      return path satisfies never
  }
}

async function master(timeline: LiveTimeline, { signal, nowMs }: MediaRequest): Promise<MediaAnswer> {
  const startedAtMs = performance.now()
  await timeline.waitForMaster({ signal })
  const text = timeline.master(nowMs + performance.now() - startedAtMs)
  return text === null ? tooEarly('The stream has not begun') : { type: 'playlist', text, partAtMs: null }
}

async function playlist(
  timeline: LiveTimeline,
  renditionId: string,
  { query, signal, nowMs }: MediaRequest,
): Promise<MediaAnswer> {
  const directives = parseHlsDirectives(query)
  if (!directives) return { type: 'problem', status: 400, title: 'These playlist directives make no sense' }
  const problem = waited(await waitForReload(timeline, renditionId, directives, signal))
  if (problem) return problem
  const text = timeline.playlist(renditionId, { skip: directives.skip })
  if (text === null) return timeline.expects(renditionId) ? tooEarly('It has not begun') : notFound
  const arrivedAtMs = timeline.partArrivedAtMs(renditionId)
  const waitedFor = directives.msn !== null && arrivedAtMs !== null && arrivedAtMs >= nowMs
  return { type: 'playlist', text, partAtMs: waitedFor ? arrivedAtMs : null }
}

async function waitForReload(
  timeline: LiveTimeline,
  renditionId: string,
  { msn, part }: HlsDirectives,
  signal: AbortSignal,
): Promise<WaitOutcome> {
  return msn === null ? 'ready' : timeline.waitFor(renditionId, msn, part, { signal })
}

function waited(outcome: WaitOutcome): MediaAnswer | null {
  switch (outcome) {
    case 'ready':
    case 'ended':
      return null
    case 'too-far':
      return { type: 'problem', status: 400, title: 'This segment is too far in the future' }
    case 'timeout':
    case 'aborted':
      return tooEarly('The stream has nothing new')
    case 'unknown-rendition':
      return notFound
    default:
      return outcome satisfies never
  }
}

/** A part that a preload hint named is waited for. */
async function part(
  timeline: LiveTimeline,
  path: Extract<MediaPath, { type: 'part' }>,
  { signal }: MediaRequest,
): Promise<MediaAnswer> {
  const there = object(timeline, path)
  if (there.type === 'object') return there
  const outcome = await timeline.waitForPart(path.renditionId, path.epoch, path.part, { signal })
  return outcome === 'ready' ? object(timeline, path) : outcome === 'timeout' ? tooEarly('Not yet') : notFound
}

/** What was let go of memory is in the library: to the edge that is the same as not here. */
function object(timeline: LiveTimeline, path: MediaPath): MediaAnswer {
  const found = timeline.object(path)
  return found?.state === 'memory'
    ? { type: 'object', chunks: found.chunks, sizeBytes: found.sizeBytes }
    : notFound
}

/**
 * An edge asks here because the broadcast is this node's: one that it doesn't know is of an earlier run, and its encoder
 * may come back. Objects may be in the spool, or else in the library.
 */
async function unknown(path: MediaPath, sources: MediaSources): Promise<MediaAnswer> {
  if (path.type === 'master' || path.type === 'playlist')
    return tooEarly('The stream is not here, or not yet')
  return await kept(path, sources)
}

async function kept(path: MediaPath, { spooled }: MediaSources): Promise<MediaAnswer> {
  const bytes = await spooled(path)
  return bytes ? { type: 'object', chunks: [bytes], sizeBytes: bytes.byteLength } : notFound
}

function tooEarly(title: string): MediaAnswer {
  return { type: 'problem', status: 503, title }
}
