import type { Bandwidth } from '../timeline.ts'
import type { RenditionInfo } from '../types.ts'

/** A rendition as a master lists it. */
export interface MasterRendition extends Bandwidth {
  info: RenditionInfo
}

/**
 * Multivariant playlist (RFC 8216bis 4.4.6): a variant per video rendition in the given order, audio as one group; audio
 * alone is a variant; renditions without any media are left out. Claims no independent segments (MEDIA.md 6).
 */
export function masterPlaylist(renditions: readonly MasterRendition[]): string {
  // A rung that never came has nothing to play.
  const playable = renditions.filter((r) => r.averageBps > 0)
  const videos = playable.filter((r) => r.info.kind === 'video')
  const audio = playable.find((r) => r.info.kind === 'audio') ?? null
  const captions = videos.some((r) => r.info.captions)
  let text = '#EXTM3U\n#EXT-X-VERSION:9\n'
  if (videos.length === 0) return audio ? text + variant(audio, null, false) : text
  if (audio) text += audioGroup(audio.info)
  if (captions) {
    text +=
      '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC1",DEFAULT=YES,AUTOSELECT=YES,INSTREAM-ID="CC1"\n'
  }
  for (const video of videos) text += variant(video, audio, captions)
  return text
}

function audioGroup(info: RenditionInfo): string {
  const channels = info.channels ? `,CHANNELS="${info.channels}"` : ''
  return `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES${channels},URI="${info.id}.m3u8"\n`
}

function variant(rendition: MasterRendition, audio: MasterRendition | null, captions: boolean): string {
  const { info } = rendition
  const codecs = audio ? `${info.codecs},${audio.info.codecs}` : info.codecs
  const attributes = [
    `BANDWIDTH=${Math.max(1, rendition.peakBps + (audio?.peakBps ?? 0))}`,
    `AVERAGE-BANDWIDTH=${Math.max(1, rendition.averageBps + (audio?.averageBps ?? 0))}`,
    `CODECS="${codecs}"`,
  ]
  if (info.kind === 'video') {
    if (info.width && info.height) attributes.push(`RESOLUTION=${info.width}x${info.height}`)
    if (info.frameRate) attributes.push(`FRAME-RATE=${info.frameRate.toFixed(3)}`)
    if (audio) attributes.push('AUDIO="audio"')
    attributes.push(captions ? 'CLOSED-CAPTIONS="cc"' : 'CLOSED-CAPTIONS=NONE')
  }
  return `#EXT-X-STREAM-INF:${attributes.join(',')}\n${info.id}.m3u8\n`
}
