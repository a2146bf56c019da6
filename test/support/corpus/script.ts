import type { FlvTag } from '../../../origin/media/flv/reader.ts'

/** What an encoder sends, when, and what it truly is. */
export interface Cue {
  /** When it is sent, from the start. */
  atMs: number
  /** When its content happened: what the tag's time stamp would say if the encoder's clock were right. */
  trueMs: number
  tag: FlvTag
}

/** A whole broadcast as a list, in the order in which it is sent. */
export type Script = readonly Cue[]

const AUDIO = 8
const VIDEO = 9

export const isAudio = ({ tag }: Cue) => tag.type === AUDIO
export const isVideo = ({ tag }: Cue) => tag.type === VIDEO
/** A sequence header: legacy H.264 and AAC tags, which is all that the corpus is made of. */
export const isHeader = ({ tag }: Cue) => tag.data[1] === 0
export const isKey = (cue: Cue) => isVideo(cue) && (cue.tag.data[0] ?? 0) >> 4 === 1

/** An encode as it is: everything is sent when it is due. */
export function script(tags: readonly FlvTag[]): Script {
  return tags.map((tag) => ({ atMs: tag.timestampMs, trueMs: tag.timestampMs, tag }))
}

/** Changes the stamps from `fromMs` (true time) on: by `byMs`, on a 32-bit clock. */
export function stamped(cues: Script, fromMs: number, byMs: number): Script {
  return cues.map((cue) => {
    if (cue.trueMs < fromMs) return cue
    const timestampMs = (((cue.tag.timestampMs + byMs) % 2 ** 32) + 2 ** 32) % 2 ** 32
    return { ...cue, tag: { ...cue.tag, timestampMs } }
  })
}

const BURST_MS = 500

/** A network that stands still for `stallMs` from `fromMs` on; what piled up then comes within half a second. */
export function stalled(cues: Script, fromMs: number, stallMs: number): Script {
  const endMs = fromMs + stallMs
  return cues
    .map((cue) => {
      const { atMs } = cue
      if (atMs < fromMs || atMs >= endMs + BURST_MS) return cue
      return { ...cue, atMs: endMs + (Math.min(atMs - fromMs, stallMs) / stallMs) * BURST_MS }
    })
    .toSorted((a, b) => a.atMs - b.atMs)
}

/** Nothing of it is sent. */
export function without(cues: Script, isGone: (cue: Cue) => boolean): Script {
  return cues.filter((cue) => !isGone(cue))
}

/** One encode after the other, as an encoder does whose settings were changed: the second at `atMs`. */
export function followedBy(first: Script, second: Script, atMs: number): Script {
  const after = second.map((cue) => ({
    atMs: cue.atMs + atMs,
    trueMs: cue.trueMs + atMs,
    tag: { ...cue.tag, timestampMs: cue.tag.timestampMs + atMs },
  }))
  return [...first.filter((cue) => cue.trueMs < atMs), ...after]
}

/** Puts NAL units before what an access unit has; null where nothing is to be put. */
export function withNals(cues: Script, nalsOf: (cue: Cue) => Uint8Array[] | null): Script {
  return cues.map((cue) => {
    const nals = isVideo(cue) && !isHeader(cue) ? nalsOf(cue) : null
    if (!nals) return cue
    const { data } = cue.tag
    const prefixed = nals.map((nal) => Buffer.concat([lengthOf(nal), nal]))
    return {
      ...cue,
      tag: { ...cue.tag, data: Buffer.concat([data.subarray(0, 5), ...prefixed, data.subarray(5)]) },
    }
  })
}

function lengthOf(nal: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(nal.length)
  return length
}
