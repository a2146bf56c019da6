/** What the viewer sees. `over`: played to its end. */
export type PlaybackState =
  | 'starting'
  | 'playing'
  | 'paused'
  | 'buffering'
  | 'reconnecting'
  | 'over'
  | 'failed'

/** Why it can't be played, in kinds that have words. */
export type Failure = 'not-found' | 'forbidden' | 'unplayable' | 'unreachable'
