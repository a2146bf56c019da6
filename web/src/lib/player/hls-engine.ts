import Hls, { type ErrorData, ErrorDetails, ErrorTypes, Events, type HlsConfig } from 'hls.js'
import type { Engine, EngineOptions, Trouble } from './engine.ts'
import { HlsClock } from './hls-clock.ts'
import { loadPolicies } from './load-policy.ts'
import { type Dated, positionOf, programMsAt } from './program-clock.ts'
import { type Rung, sortRungs } from './rungs.ts'

const settings: Partial<HlsConfig> = {
  // Parts are used where the playlist has them; the playlist says how far behind its end to play.
  lowLatencyMode: true,
  // The pace is ours (live-pace.ts): hls.js speeds up only with more than a second buffered, which a viewer two
  // thirds of a second behind live never has, and what a stall adds to the distance it never takes back.
  maxLiveSyncPlaybackRate: 1,
  liveSyncOnStallIncrease: 0,
  // A live stream has no length: the seekable range is its window.
  liveDurationInfinity: true,
  // Begin with a picture worth seeing and measure on the way, instead of one segment of the worst rung.
  abrEwmaDefaultEstimate: 6_000_000,
  testBandwidth: false,
  startFragPrefetch: true,
  maxBufferLength: 30,
  backBufferLength: 60,
  // A rung that failed once is worth another try later.
  errorPenaltyExpireMs: 30_000,
  // In-band captions don't say their language.
  captionsTextTrack1Label: 'CC1',
  captionsTextTrack1LanguageCode: '',
  captionsTextTrack2Label: 'CC2',
  captionsTextTrack2LanguageCode: '',
  // Fragments are fMP4 already: nothing to do in a worker.
  enableWorker: false,
  ...loadPolicies,
}

/** hls.js over Media Source Extensions. */
export function startHlsEngine({
  video,
  master,
  kind,
  startAt,
  onrungs,
  ontrouble,
  onfaltering,
  onflow,
  oncomplete,
}: EngineOptions): Engine {
  const startPosition = startAt && 'seconds' in startAt ? { startPosition: startAt.seconds } : {}
  const hls = new Hls({ ...settings, ...startPosition })
  const clock = new HlsClock(() => performance.now())
  /** Of the playlist that came last. */
  let segments: readonly Dated[] = []
  /** The moment to begin with, until a playlist says where it is. */
  let beginAtMs = startAt && 'programMs' in startAt ? startAt.programMs : null

  const tellRungs = () => onrungs(listRungs(hls), hls.loadLevel >= 0 ? hls.loadLevel : null)
  hls.on(Events.MANIFEST_PARSED, tellRungs)
  hls.on(Events.LEVEL_SWITCHED, (_, { level }) => onrungs(listRungs(hls), level))
  hls.on(Events.FRAG_BUFFERED, onflow)
  hls.on(Events.LEVEL_UPDATED, (_, { details }) => {
    clock.update(details)
    segments = details.fragments
    onfaltering(false)
    const beginAt = beginAtMs === null ? null : positionOf(segments, beginAtMs)
    beginAtMs = null
    // Before anything is loaded: hls.js has only just heard what there is.
    if (beginAt !== null) hls.startLoad(beginAt)
    if ((kind === 'live' || kind === 'dvr') && !details.live) oncomplete()
  })
  hls.on(Events.AUDIO_TRACK_UPDATED, () => onfaltering(false))
  hls.on(Events.ERROR, (_, data) => {
    if (data.fatal) ontrouble(troubleOf(data))
    else if (data.type === ErrorTypes.NETWORK_ERROR && data.details !== ErrorDetails.FRAG_GAP)
      onfaltering(true)
  })
  hls.loadSource(master)
  hls.attachMedia(video)

  return {
    chooseRung(id) {
      hls.nextLevel = id ?? -1
    },
    liveEdge: () => (kind === 'live' ? hls.liveSyncPosition : null),
    programMsAt: (positionS) => programMsAt(segments, positionS),
    positionOf: (programMs) => positionOf(segments, programMs),
    listed() {
      const [first, last] = [segments[0], segments.at(-1)]
      const startMs = first && programMsAt(segments, first.start)
      const endMs = last && programMsAt(segments, last.start + last.duration)
      return startMs == null || endMs == null ? null : { startMs, endMs }
    },
    pace:
      kind === 'live'
        ? {
            clock: () => clock.read(),
            setTarget(seconds) {
              hls.targetLatency = seconds
            },
          }
        : null,
    bandwidthBps: () => (Number.isFinite(hls.bandwidthEstimate) ? hls.bandwidthEstimate : null),
    recoverMedia: () => hls.recoverMediaError(),
    close: () => hls.destroy(),
  }
}

function listRungs(hls: Hls): Rung[] {
  const rungs = hls.levels.map((level, id) => ({
    id,
    lines: Math.min(level.width || level.height, level.height),
    frameRate: level.frameRate,
    bitrateBps: level.bitrate,
  }))
  // A stream of sound alone has no picture to choose.
  return sortRungs(rungs.filter(({ lines }) => lines > 0))
}

function troubleOf({ type, details, response }: ErrorData): Trouble {
  if (details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) return 'format'
  const status = response?.code ?? 0
  if (type === ErrorTypes.NETWORK_ERROR)
    return status >= 400 && status < 500 && status !== 429 ? 'gone' : 'network'
  return type === ErrorTypes.MEDIA_ERROR || type === ErrorTypes.MUX_ERROR ? 'media' : 'network'
}
