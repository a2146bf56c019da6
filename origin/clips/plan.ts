import { initName } from '@streamtube/contracts/media-paths.ts'
import { blobPrefix } from '../library/index.ts'
import { commonGaps, type RenditionTimeline, type TimeRange } from '../media/timeline.ts'
import type { SegmentEntry } from '../media/types.ts'

/** Objects of one track that are read one after the other, and what of them is shown, counted from the first sample on. */
export interface TrackPlan {
  initKey: string
  segmentKeys: string[]
  startMs: number
  endMs: number
}

/** A stretch that one decoder reads to its end. */
export interface RunPlan {
  video: TrackPlan | null
  audio: TrackPlan | null
}

/**
 * What has to be read to cut a range to the frame: the tallest video and the sound, in runs without a break. What has no
 * picture is left out, as playlists do.
 */
export function planRuns(
  timelineId: string,
  renditions: readonly RenditionTimeline[],
  range: TimeRange,
): RunPlan[] {
  const video = renditions.find(({ info }) => info.kind === 'video')
  const audio = renditions.find(({ info }) => info.kind === 'audio')
  const lead = video ?? audio
  if (!lead) return []
  const gaps = commonGaps(renditions)
  const sound = new Map(audio?.segments.filter(({ gap }) => !gap).map((entry) => [entry.sequence, entry]))
  const runs: { video: SegmentEntry[]; audio: SegmentEntry[] }[] = []
  let before: { picture: SegmentEntry; sound: SegmentEntry | undefined } | null = null
  for (const picture of lead.segments) {
    if (picture.gap || gaps.has(picture.sequence)) continue
    const heard = sound.get(picture.sequence)
    let run = runs.at(-1)
    if (!run || !before || !goesOn(before.picture, picture) || !soundGoesOn(before.sound, heard)) {
      run = { video: [], audio: [] }
      runs.push(run)
    }
    if (video) run.video.push(picture)
    if (heard) run.audio.push(heard)
    before = { picture, sound: heard }
  }
  const track = (of: RenditionTimeline | undefined, entries: readonly SegmentEntry[]) =>
    of ? trackPlan(timelineId, of, entries, range) : null
  return runs.map((run) => ({ video: track(video, run.video), audio: track(audio, run.audio) }))
}

function goesOn(before: SegmentEntry, entry: SegmentEntry): boolean {
  const sameHeader = before.epoch === entry.epoch && before.header === entry.header
  return sameHeader && !entry.discontinuity && entry.sequence === before.sequence + 1
}

function soundGoesOn(before: SegmentEntry | undefined, entry: SegmentEntry | undefined): boolean {
  return before && entry ? goesOn(before, entry) : before === entry
}

function trackPlan(
  timelineId: string,
  { info }: RenditionTimeline,
  entries: readonly SegmentEntry[],
  { fromMs, toMs }: TimeRange,
): TrackPlan | null {
  const [first] = entries
  if (!first) return null
  const prefix = blobPrefix(timelineId, info.id, first.epoch)
  return {
    initKey: prefix + initName(first.header),
    segmentKeys: entries.map(({ sequence }) => `${prefix}s${sequence}.m4s`),
    startMs: fromMs - first.programTimeMs,
    endMs: toMs - first.programTimeMs,
  }
}
