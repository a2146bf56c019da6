/** A text track as the viewer chooses it. */
export interface CaptionTrack {
  id: number
  label: string
}

/**
 * The captions of an element: those of the playlist and those found inside the picture (608), which turn up while it
 * plays. Its owner calls `close`.
 */
export class Captions {
  tracks = $state.raw<readonly CaptionTrack[]>([])
  /** The one that is shown; null: none. */
  shown = $state<number | null>(null)
  readonly #list: TextTrackList
  readonly #lifetime = new AbortController()

  constructor(video: HTMLVideoElement) {
    this.#list = video.textTracks
    const { signal } = this.#lifetime
    for (const event of ['addtrack', 'removetrack', 'change'] as const)
      this.#list.addEventListener(event, () => this.#read(), { signal })
    this.#read()
  }

  /** Shows one of the tracks, or none. */
  show(id: number | null): void {
    for (const [index, track] of [...this.#list].entries())
      if (isCaptions(track)) track.mode = index === id ? 'showing' : 'hidden'
    this.#read()
  }

  close(): void {
    this.#lifetime.abort()
  }

  #read(): void {
    const all = [...this.#list].map((track, id) => ({ track, id })).filter(({ track }) => isCaptions(track))
    this.tracks = all.map(({ track, id }) => ({ id, label: track.label || track.language || 'CC' }))
    this.shown = all.find(({ track }) => track.mode === 'showing')?.id ?? null
  }
}

/** Cue lists of hls.js's own (metadata) are no captions; a track it has let go of stays in the list, disabled. */
function isCaptions({ kind, mode }: TextTrack): boolean {
  return (kind === 'captions' || kind === 'subtitles') && mode !== 'disabled'
}
