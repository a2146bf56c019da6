import { sourceEventOf } from '../../../origin/media/flv/source.ts'
import { LiveTimeline } from '../../../origin/media/live-timeline.ts'
import { Packager, type PackagerEvent } from '../../../origin/media/packager.ts'
import { masterPlaylist, vodPlaylist } from '../../../origin/media/playlists.ts'
import { Sanitiser, type SanitiserWarning } from '../../../origin/media/sanitiser.ts'
import { measureBandwidth, type RenditionTimeline } from '../../../origin/media/timeline.ts'
import type { PartTargetMs, SegmentEntry } from '../../../origin/media/types.ts'
import { createLinter, type Linter } from '../hls-linter/linter.ts'
import { type FragmentSample, samplesOf, timescaleOf } from './fragments.ts'
import type { Script } from './script.ts'

const TIMELINE = '01m81rwzr00000000000000002'
const BASE = `https://edge.example.org/p/token/live/${TIMELINE}/`
const START_MS = Date.UTC(2026, 10, 22, 14)

/** A sample as it stands in the segments. */
export interface PackagedSample extends FragmentSample {
  /** Presentation time. */
  ptsMs: number
  sequence: number
}

/** A stretch of a rendition behind one header: decodable as it is. */
export interface Leg {
  init: Uint8Array
  chunks: Uint8Array[]
  samples: PackagedSample[]
}

/** All that came of a script. */
export interface Packaged {
  segments(renditionId: string): SegmentEntry[]
  legs(renditionId: string): Leg[]
  warnings: SanitiserWarning[]
  /** The first master that was served, the last, and the video's. */
  firstMaster: string
  lastMaster: string
  vodMaster: string
  linter: Linter
}

/** A script through the whole media core, as a session runs it; time is the script's. Every reload is seen by a linter. */
export function packageScript(cues: Script, partTargetMs: PartTargetMs): Packaged {
  const timeline = new LiveTimeline({ timelineId: TIMELINE, partTargetMs })
  const linter = createLinter({ slackMs: 0 })
  const events: PackagerEvent[] = []
  const warnings: SanitiserWarning[] = []
  let nowMs = START_MS
  let firstMaster: string | null = null

  const look = () => {
    const master = timeline.master(nowMs)
    if (master === null) return
    firstMaster ??= master
    linter.see({ url: `${BASE}master.m3u8`, text: master, atMs: nowMs })
    for (const { id } of timeline.renditions) {
      for (const skip of [false, true]) {
        const text = timeline.playlist(id, { skip })
        const query = skip ? '?_HLS_skip=YES' : ''
        if (text !== null) linter.see({ url: `${BASE}${id}.m3u8${query}`, text, atMs: nowMs })
      }
    }
  }
  const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs, alwaysAudio: true }, (event) => {
    events.push(event)
    timeline.apply(event)
  })
  const sanitiser = new Sanitiser((event) => {
    if (event.type === 'warning') warnings.push(event.code)
    if (event.type === 'tracks') timeline.declare([...(event.video ? ['source'] : []), 'audio'], nowMs)
    packager.push(event)
  })
  for (const { atMs, tag } of cues) {
    nowMs = START_MS + atMs
    const before = events.length
    const event = sourceEventOf(tag, nowMs)
    if (event) sanitiser.push(event)
    if (events.length > before) look()
  }
  sanitiser.finish()
  packager.finish()
  timeline.end()
  look()
  const lastMaster = timeline.master(nowMs) ?? ''

  const segments = (id: string) =>
    events.flatMap((e) => (e.type === 'segment' && e.renditionId === id ? [e.entry] : []))
  const finished: RenditionTimeline[] = timeline.renditions.map((info) => ({
    info,
    segments: segments(info.id),
  }))
  return {
    segments,
    legs: (id) => legsOf(events, id),
    warnings,
    firstMaster: firstMaster ?? '',
    lastMaster,
    vodMaster: seeVod(finished, linter, nowMs),
    linter,
  }
}

function seeVod(finished: readonly RenditionTimeline[], linter: Linter, atMs: number): string {
  const base = BASE.replace('/live/', '/vod/')
  const master = masterPlaylist(
    finished.map(({ info, segments }) => ({ info, ...measureBandwidth(info.timescale, segments) })),
  )
  linter.see({ url: `${base}master.m3u8`, text: master, atMs })
  for (const rendition of finished) {
    const text = vodPlaylist(TIMELINE, rendition, finished)
    linter.see({ url: `${base}${rendition.info.id}.m3u8`, text, atMs })
  }
  return master
}

function legsOf(events: readonly PackagerEvent[], renditionId: string): Leg[] {
  const inits = new Map<number, Uint8Array>()
  const legs = new Map<number, Leg>()
  for (const event of events) {
    if (event.type === 'rendition' && event.rendition.id === renditionId) {
      inits.set(event.header ?? 0, event.init)
    } else if (event.type === 'segment' && event.renditionId === renditionId) {
      const header = event.entry.header ?? 0
      const init = inits.get(header) ?? new Uint8Array()
      const leg = legs.get(header) ?? { init, chunks: [], samples: [] }
      legs.set(header, leg)
      leg.chunks.push(...event.chunks)
      const timescale = timescaleOf(init)
      for (const sample of event.chunks.flatMap(samplesOf)) {
        leg.samples.push({
          ...sample,
          ptsMs: (sample.pts * 1000) / timescale,
          sequence: event.entry.sequence,
        })
      }
    }
  }
  return [...legs.values()]
}
