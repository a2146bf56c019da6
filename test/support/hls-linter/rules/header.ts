import type { MediaPlaylist } from '../media-playlist.ts'
import type { Look } from '../state.ts'
import type { Complain } from '../violation.ts'

/** Shorter by this is equal: numbers are written with three decimals. */
const EPSILON = 0.0005

/** Version, targets and hold-backs: each by itself, in time, and across renditions. */
export function headerRules({ raw, before, presentation, url }: Look, complain: Complain): void {
  const { control, targetSeconds, partTargetSeconds } = raw
  if (raw.version < neededVersion(raw))
    complain('version-low', `version ${raw.version}, ${neededVersion(raw)} is needed`)
  const live = !raw.ended && raw.type !== 'VOD'
  if (live && (raw.independent || presentation.multivariant?.independent)) {
    complain('independent-claimed', 'EXT-X-INDEPENDENT-SEGMENTS in a live stream')
  }
  if (control.holdBack !== null && control.holdBack < 3 * targetSeconds - EPSILON) {
    complain('hold-back-low', `${control.holdBack} s of ${targetSeconds} s targets`)
  }
  if (control.canSkipUntil !== null && control.canSkipUntil < 6 * targetSeconds - EPSILON) {
    complain('skip-boundary-low', `${control.canSkipUntil} s of ${targetSeconds} s targets`)
  }
  if (partTargetSeconds === null && raw.segments.some((segment) => segment.parts.length > 0)) {
    complain('tag-required', 'parts without EXT-X-PART-INF')
  }
  if (partTargetSeconds !== null) {
    lowLatency(raw, complain)
    const others = [...presentation.playlists.values()].map((other) => other.full.partTargetSeconds ?? 0)
    const needed = 3 * Math.max(partTargetSeconds, ...others)
    if (control.partHoldBack !== null && control.partHoldBack < needed - EPSILON) {
      complain('part-hold-back-low', `${control.partHoldBack} s where ${needed} s are needed`)
    }
  }
  if (before && constants(before.full) !== constants(raw)) {
    complain('target-changed', `${constants(before.full)} became ${constants(raw)}`)
  }
  for (const other of presentation.playlists.values()) {
    if (other.url === url || other.full.targetSeconds === targetSeconds) continue
    complain(
      'target-differs',
      `${targetSeconds} s here, ${other.full.targetSeconds} s in ${nameOf(other.url)}`,
    )
    break
  }
}

/** What a player of low latency relies on (B.1, MEDIA 13). */
function lowLatency({ control }: MediaPlaylist, complain: Complain): void {
  const missing = [
    ...(control.partHoldBack === null ? ['PART-HOLD-BACK'] : []),
    ...(control.canBlockReload ? [] : ['CAN-BLOCK-RELOAD']),
    ...(control.canSkipUntil === null ? ['CAN-SKIP-UNTIL'] : []),
  ]
  if (missing.length > 0)
    complain('tag-required', `parts without ${missing.join(', ')} in EXT-X-SERVER-CONTROL`)
}

/** RFC 8216bis 8. */
function neededVersion(raw: MediaPlaylist): number {
  if (raw.skipped > 0 || raw.partTargetSeconds !== null) return 9
  if (raw.segments.some((segment) => segment.map !== null)) return 6
  return raw.segments.some((segment) => !Number.isInteger(segment.seconds ?? 0)) ? 3 : 1
}

/** What never changes in a playlist, as text. */
function constants({ targetSeconds, partTargetSeconds, control }: MediaPlaylist): string {
  return JSON.stringify({ targetSeconds, partTargetSeconds, ...control })
}

function nameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}
