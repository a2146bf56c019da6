import { nextRate, type PlayerAction } from './keyboard.ts'
import type { Playback } from './playback.svelte.ts'

/** What the player shows for a moment after a key. */
export type Echo =
  | { type: 'play' | 'pause' | 'muted' }
  | { type: 'seek'; seconds: number }
  | { type: 'volume'; percent: number }
  | { type: 'rate'; rate: number }
  | null

export interface Stage {
  video: HTMLVideoElement
  playback: Playback
  /** Seconds a frame lasts. */
  frameSeconds: number
  toggleFullscreen(): void
  toggleTheatre(): void
  showShortcuts(): void
  toggleStatistics(): void
}

/** Does what a key asks, and says what to show for it. */
export function perform(action: PlayerAction, stage: Stage): Echo {
  const { video, playback } = stage
  switch (action.type) {
    case 'toggle-play':
      if (video.paused) void playback.play()
      else video.pause()
      return { type: video.paused ? 'pause' : 'play' }
    case 'seek-by':
      playback.seekBy(action.seconds)
      return { type: 'seek', seconds: action.seconds }
    case 'seek-to-fraction': {
      const { place } = playback.where
      if (place) playback.where.seekTo(place.startMs + (place.endMs - place.startMs) * action.fraction)
      return null
    }
    case 'seek-to-end':
      if (playback.where.place) playback.where.seekTo(playback.where.place.endMs)
      return null
    case 'volume-by':
      video.volume = Math.min(1, Math.max(0, video.volume + action.amount))
      video.muted = video.volume === 0
      return { type: 'volume', percent: Math.round(video.volume * 100) }
    case 'toggle-mute':
      video.muted = !video.muted
      return video.muted ? { type: 'muted' } : { type: 'volume', percent: Math.round(video.volume * 100) }
    case 'toggle-fullscreen':
      stage.toggleFullscreen()
      return null
    case 'toggle-theatre':
      stage.toggleTheatre()
      return null
    case 'toggle-picture-in-picture':
      void togglePictureInPicture(video)
      return null
    case 'step-frames':
      seek(video, video.currentTime + action.frames * stage.frameSeconds)
      return null
    case 'rate-by':
      playback.setRate(nextRate(video.playbackRate, action.steps))
      return { type: 'rate', rate: video.playbackRate }
    case 'toggle-statistics':
      stage.toggleStatistics()
      return null
    case 'show-shortcuts':
      stage.showShortcuts()
      return null
  }
}

function seek(video: HTMLVideoElement, to: number): void {
  const [start, end] = seekableRange(video)
  if (end > start) video.currentTime = Math.min(end, Math.max(start, to))
}

function seekableRange({ seekable }: HTMLVideoElement): [number, number] {
  return seekable.length > 0 ? [seekable.start(0), seekable.end(seekable.length - 1)] : [0, 0]
}

async function togglePictureInPicture(video: HTMLVideoElement): Promise<void> {
  if (!document.pictureInPictureEnabled) return
  // Refused while there is no picture yet, or without a press: then nothing happens, as it should.
  const done = document.pictureInPictureElement
    ? document.exitPictureInPicture()
    : video.requestPictureInPicture()
  await done.catch(() => undefined)
}
