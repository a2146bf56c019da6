import { t } from '#lib/i18n/t.ts'
import type { Engine } from './engine.ts'
import type { Following } from './following.ts'
import { bufferedAhead } from './live-pace.ts'
import { type Rung, rungLabel } from './rungs.ts'

/** How playing goes at one moment. */
export interface Statistics {
  /** Null for a video, and where the browser keeps its distance from live itself. */
  live: Following | null
  bufferS: number
  playbackRate: number
  bandwidthBps: number | null
  rung: Rung | null
  size: { width: number; height: number }
  frames: { shown: number; dropped: number } | null
}

/** How playing goes, right now. */
export function measure(
  video: HTMLVideoElement,
  engine: Engine | null,
  live: Following | null,
  rung: Rung | null,
): Statistics {
  const quality = video.getVideoPlaybackQuality?.()
  return {
    live,
    bufferS: bufferedAhead(video),
    playbackRate: video.playbackRate,
    bandwidthBps: engine?.bandwidthBps() ?? null,
    rung,
    size: { width: video.videoWidth, height: video.videoHeight },
    frames: quality ? { shown: quality.totalVideoFrames, dropped: quality.droppedVideoFrames } : null,
  }
}

/** One line of the panel. */
export interface Fact {
  id: 'latency' | 'buffer' | 'rate' | 'stalls' | 'quality' | 'bandwidth' | 'frames'
  name: string
  value: string
}

/** The panel's lines; what isn't known has none. */
export function factsOf(statistics: Statistics): Fact[] {
  const { live, bufferS, playbackRate, bandwidthBps, rung, size, frames } = statistics
  const facts: Fact[] = []
  const add = (id: Fact['id'], name: string, value: string) => facts.push({ id, name, value })
  if (live?.latencyS != null) {
    const values = { latency: live.latencyS.toFixed(2), target: live.targetS.toFixed(2) }
    add('latency', t('statistics.latency'), t('statistics.latency-value', values))
  }
  add('buffer', t('statistics.buffer'), t('statistics.seconds', { seconds: bufferS.toFixed(2) }))
  if (live) {
    add('rate', t('statistics.rate'), t('player.rate', { rate: playbackRate.toFixed(2) }))
    add('stalls', t('statistics.stalls'), String(live.stalls))
  }
  if (size.width > 0) {
    const pixels = `${size.width}×${size.height}`
    const value = rung
      ? t('statistics.quality-value', { rung: rungLabel(rung), pixels, rate: megabits(rung.bitrateBps) })
      : pixels
    add('quality', t('player.quality'), value)
  }
  if (bandwidthBps !== null)
    add('bandwidth', t('statistics.bandwidth'), t('statistics.megabits', { rate: megabits(bandwidthBps) }))
  if (frames) add('frames', t('statistics.frames'), t('statistics.frames-value', frames))
  return facts
}

function megabits(bps: number): string {
  return (bps / 1e6).toFixed(1)
}
