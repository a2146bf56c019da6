import type { Engine, EngineOptions } from './engine.ts'

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
  if (startAt !== null) {
    video.addEventListener('loadedmetadata', () => (video.currentTime = startAt), { signal, once: true })
  }
  video.src = master
  return {
    chooseRung: () => undefined,
    liveEdge: () => (video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : null),
    // The browser keeps its own distance from live, and its own counsel.
    pace: null,
    bandwidthBps: () => null,
    recoverMedia() {
      const at = video.currentTime
      video.load()
      if (startAt !== null || kind === 'vod')
        video.addEventListener('loadedmetadata', () => (video.currentTime = at), { signal, once: true })
    },
    close() {
      abort.abort()
      video.removeAttribute('src')
      video.load()
    },
  }
}
