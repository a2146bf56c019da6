/** Plays; without sound where the browser insists on that. `refused`: not even so, without a press. */
export async function startPlaying(video: HTMLVideoElement): Promise<'playing' | 'muted' | 'refused'> {
  try {
    await video.play()
    return 'playing'
  } catch (error) {
    // A new source or a pause in between interrupts it: whoever did that knows how to go on.
    if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || video.muted) return 'playing'
  }
  video.muted = true
  return video.play().then(
    () => 'muted' as const,
    () => 'refused' as const,
  )
}
