import Hls, { type ErrorData, ErrorDetails, ErrorTypes, Events, type HlsConfig } from 'hls.js'
import type { Engine, EngineOptions, Trouble } from './engine.ts'
import { type Rung, sortRungs } from './rungs.ts'

/** Media that the decoder stumbled over is tried once more this long after the last time. */
const MEDIA_RECOVERY_MS = 5_000

const settings: Partial<HlsConfig> = {
  // Parts are used where the playlist has them; the playlist says how far behind its end to play.
  lowLatencyMode: true,
  // A live stream has no length: the seekable range is its window.
  liveDurationInfinity: true,
  // Catches up after a stall, too little to be heard.
  maxLiveSyncPlaybackRate: 1.05,
  // Begin with a picture worth seeing and measure on the way, instead of one segment of the worst rung.
  abrEwmaDefaultEstimate: 6_000_000,
  testBandwidth: false,
  startFragPrefetch: true,
  maxBufferLength: 30,
  backBufferLength: 60,
  // Fragments are fMP4 already: nothing to do in a worker.
  enableWorker: false,
}

/** hls.js over Media Source Extensions. */
export function startHlsEngine({
  video,
  master,
  kind,
  startAt,
  onrungs,
  ontrouble,
  onflow,
  oncomplete,
}: EngineOptions): Engine {
  const hls = new Hls({ ...settings, ...(startAt !== null && { startPosition: startAt }) })
  let lastMediaRecovery = -Infinity

  const tellRungs = () => onrungs(listRungs(hls), hls.loadLevel >= 0 ? hls.loadLevel : null)
  hls.on(Events.MANIFEST_PARSED, tellRungs)
  hls.on(Events.LEVEL_SWITCHED, (_, { level }) => onrungs(listRungs(hls), level))
  hls.on(Events.FRAG_BUFFERED, onflow)
  hls.on(Events.LEVEL_UPDATED, (_, { details }) => {
    if (kind === 'live' && !details.live) oncomplete()
  })
  hls.on(Events.ERROR, (_, data) => {
    if (!data.fatal) return
    if (data.type === ErrorTypes.MEDIA_ERROR && performance.now() - lastMediaRecovery > MEDIA_RECOVERY_MS) {
      lastMediaRecovery = performance.now()
      hls.recoverMediaError()
      return
    }
    ontrouble(troubleOf(data))
  })
  hls.loadSource(master)
  hls.attachMedia(video)

  return {
    chooseRung(id) {
      hls.nextLevel = id ?? -1
    },
    liveEdge: () => (kind === 'live' ? hls.liveSyncPosition : null),
    close() {
      hls.destroy()
      // Catching up with live left its speed behind.
      if (kind === 'live') video.playbackRate = 1
    },
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
  if (details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) return 'media'
  const status = response?.code ?? 0
  if (type === ErrorTypes.NETWORK_ERROR)
    return status >= 400 && status < 500 && status !== 429 ? 'gone' : 'network'
  return type === ErrorTypes.MEDIA_ERROR || type === ErrorTypes.MUX_ERROR ? 'media' : 'network'
}
