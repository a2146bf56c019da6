import type { AudioTrack, Sample, SourceEvent, Track, VideoTrack } from './types.ts'

/** Stable codes for the creator's health page. */
export type SanitiserWarning = 'clock-jump' | 'late-track' | 'no-key-frame' | 'broken-sample' | 'audio-hole'

/** What comes out: one clock that starts at 0 and never goes back, video in 90 kHz, audio in its sample rate. */
export type SanitisedEvent =
  /** Once, before the first sample: the tracks of this session. At least one is not null. */
  | { type: 'tracks'; video: VideoTrack | null; audio: AudioTrack | null }
  | { type: 'sample'; kind: 'video' | 'audio'; sample: Sample; arrivedAtMs: number }
  /** The encoder changed its parameters in mid-stream. The samples that follow need them. */
  | { type: 'track-changed'; track: Track }
  /** Once: CEA-608/708 captions were seen. */
  | { type: 'captions' }
  | { type: 'warning'; code: SanitiserWarning }

/**
 * Stands between a source and the packager (MEDIA.md 1-2). Takes whatever encoders send, gives samples on one clean clock.
 * Holds samples back for 1 s at most, at the start, while the second track is missing.
 * Files packaged faster than real time: pass the sample's own dtsMs as `arrivedAtMs`.
 */
export class Sanitiser {
  constructor(emit: (event: SanitisedEvent) => void) {
    throw new Error(`not yet ${emit}`)
  }

  /** Never throws for what an encoder sent: broken samples are dropped with a warning. */
  push(event: SourceEvent): void {
    throw new Error(`not yet ${event}`)
  }

  /** End of the source: lets go of what was held back. */
  finish(): void {
    throw new Error('not yet')
  }
}
