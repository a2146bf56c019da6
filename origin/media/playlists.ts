export { dvrPlaylist } from './playlists/dvr.ts'
export {
  LIVE_HOLD,
  type LiveView,
  livePlaylist,
} from './playlists/live.ts'
export { type MasterRendition, masterPlaylist } from './playlists/master.ts'
export { TARGET_DURATION_SECONDS } from './playlists/tags.ts'
export { vodPlaylist } from './playlists/vod.ts'
