/** Closer to live than this is live (milliseconds); a key's step back from live is further. */
const LIVE_MS = 3_000
/** A view's first segments may be gone when they are asked for. */
const SLIDING_MS = 6_000
/** A DVR playlist trails live by what is recorded and kept on the way; its end is reached through the live one. */
const DVR_TRAILS_MS = 16_000

/** What plays of a live stream, and how far one may go. Program time, milliseconds. */
export interface LiveSight {
  view: 'live' | 'dvr'
  /** Where live is. */
  edgeMs: number
  /** What the playlist that plays has; null before it has come. */
  loaded: { startMs: number; endMs: number } | null
  /** When the stream began. */
  startedAtMs: number
  /** How far back one may go; 0: no further than the live playlist does. */
  dvrMs: number
}

/** Where a live stream may be gone to. */
export function liveRange(sight: LiveSight): { startMs: number; endMs: number } {
  const { edgeMs, loaded, startedAtMs, dvrMs } = sight
  const loadedStartMs = loaded?.startMs ?? edgeMs
  // The site's clock and the stream's may differ: what is listed is there.
  const startMs = dvrMs > 0 ? Math.max(Math.min(startedAtMs, loadedStartMs), edgeMs - dvrMs) : loadedStartMs
  return { startMs: Math.min(startMs, edgeMs), endMs: edgeMs }
}

/** How one gets to a moment: at live's own distance, within what plays, or by another view. */
export type LiveStep =
  | { type: 'go-live' }
  | { type: 'seek'; toMs: number }
  | { type: 'open'; view: 'live' | 'dvr'; atMs: number }

/** The way to a moment of a live stream. */
export function stepTo(sight: LiveSight, wantedMs: number): LiveStep {
  const { view, loaded, edgeMs, dvrMs } = sight
  const { startMs } = liveRange(sight)
  if (wantedMs > edgeMs - LIVE_MS) return { type: 'go-live' }
  const toMs = Math.max(startMs, wantedMs)
  if (!loaded) return { type: 'open', view, atMs: toMs }
  const isOld = toMs < loaded.startMs + (view === 'live' ? SLIDING_MS : 0)
  if (view === 'live') {
    if (!isOld) return { type: 'seek', toMs }
    return dvrMs > 0
      ? { type: 'open', view: 'dvr', atMs: toMs }
      : { type: 'seek', toMs: Math.max(toMs, loaded.startMs + SLIDING_MS) }
  }
  if (toMs > loaded.endMs - DVR_TRAILS_MS && toMs > edgeMs - 2 * DVR_TRAILS_MS) {
    return { type: 'open', view: 'live', atMs: toMs }
  }
  return { type: 'seek', toMs: Math.max(toMs, loaded.startMs) }
}

/** Whether a place that is held, by a pause say, is about to fall out of the live playlist, and DVR has it. */
export function isSlidingOut({ view, loaded, dvrMs }: LiveSight, positionMs: number): boolean {
  return view === 'live' && dvrMs > 0 && loaded !== null && positionMs < loaded.startMs + SLIDING_MS
}
