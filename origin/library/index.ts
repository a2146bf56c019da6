export {
  appendBroadcast,
  appendFile,
  type Batch,
  blobPrefix,
  type SentRendition,
  type SentSegment,
} from './append.ts'
export { openBroadcast, reserveSequences } from './broadcasts.ts'
export { type ClipTimeline, KEY_FRAME_REACH_MS, readClip } from './clip-view.ts'
export type { LibraryDeps } from './deps.ts'
export { LibraryError, type LibraryErrorCode } from './errors.ts'
export { streamEnded, streamStarted } from './events.ts'
export { createHearing } from './hearing.ts'
export { mountLibrary } from './http.ts'
export { importVideo } from './imports.ts'
export { deleteOldJobs, enqueueJob, LEASE_MS, renewLease } from './jobs.ts'
export { describeLive, endBanned, reportStream, tendBroadcasts } from './life.ts'
export { ingestAddresses } from './live-status.ts'
export { mountMedia } from './media.ts'
export { measureLibrary } from './metrics.ts'
export { entriesOf, mergeMinute } from './minute.ts'
export { serveObject } from './objects.ts'
export { authorisePlayback, locate } from './playback.ts'
export { authorisePublisher } from './publishers.ts'
export { deleteSheets, nextSheets, setStoryboard, sheetsPrefix } from './storyboard.ts'
export type { TimelineTail } from './tail.ts'
export { setThumbnail } from './thumbnails.ts'
export { type Played, readPlayed, readTimelineWithin } from './timeline.ts'
export { createWork, type Work } from './work.ts'
