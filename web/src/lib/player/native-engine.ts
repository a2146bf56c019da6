import type { Engine, EngineOptions } from './engine.ts'

/** What Safari tells of HLS beside the standard. */
type DatedVideo = HTMLVideoElement & { getStartDate?(): Date }

/** The browser's own HLS. It chooses qualities itself and tells little. */
export function startNativeEngine({
  video,
  master,
  kind,
  startAt,
  ontrouble,
  onflow,
}: EngineOptions): Engine {
  const abort = new AbortController()
  const { signal } = abort
  video.addEventListener(
    'error',
    () => ontrouble(video.error?.code === MediaError.MEDIA_ERR_DECODE ? 'media' : 'network'),
    { signal },
  )
  video.addEventListener('playing', onflow, { signal })
  /** Program time of the element's zero. */
  const zeroMs = () => {
    const startDate = (video as DatedVideo).getStartDate?.().getTime()
    return startDate === undefined || Number.isNaN(startDate) ? null : startDate
  }
  const programMsAt = (positionS: number) => {
    const zero = zeroMs()
    return zero === null ? null : zero + positionS * 1000
  }
  const positionOf = (programMs: number) => {
    const zero = zeroMs()
    return zero === null ? null : Math.max(0, (programMs - zero) / 1000)
  }
  if (startAt !== null) {
    const seek = () => {
      const to = 'seconds' in startAt ? startAt.seconds : positionOf(startAt.programMs)
      if (to !== null) video.currentTime = to
    }
    video.addEventListener('loadedmetadata', seek, { signal, once: true })
  }
  video.src = master
  return {
    chooseRung: () => undefined,
    liveEdge: () => (video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : null),
    programMsAt,
    positionOf,
    listed() {
      const { seekable } = video
      if (seekable.length === 0) return null
      const [startMs, endMs] = [seekable.start(0), seekable.end(seekable.length - 1)].map(programMsAt)
      return startMs == null || endMs == null ? null : { startMs, endMs }
    },
    // The browser keeps its own distance from live, and its own counsel.
    pace: null,
    bandwidthBps: () => null,
    recoverMedia() {
      const at = video.currentTime
      video.load()
      if (startAt !== null || kind !== 'live')
        video.addEventListener('loadedmetadata', () => (video.currentTime = at), { signal, once: true })
    },
    close() {
      abort.abort()
      video.removeAttribute('src')
      video.load()
    },
  }
}
