import { isPlaybackKind, type PlaybackKind } from './claims.ts'
import { isId } from './ids.ts'

/**
 * The grammar of media addresses, shared by the packager, the playlists and the edge.
 *
 * Public: `/p/<token>/<kind>/<asset>/master.m3u8`, `/p/<token>/<kind>/<asset>/<rendition>.m3u8` and
 * `/p/<token>/m/<timeline>/<rendition>/<epoch>/<object>`, `/p/<token>/m/<timeline>/storyboard/<minute>.jpg`.
 * Origin: the same with `/media` in the place of `/p/<token>`.
 *
 * Playlists reach media by `../../m/...`: one segment has one address, whatever view (live, DVR, VOD, clip) shows it.
 */
export type MediaPath =
  | { type: 'master'; kind: PlaybackKind; assetId: string }
  | { type: 'playlist'; kind: PlaybackKind; assetId: string; renditionId: string }
  /** `header`: absent for the epoch's first, else the number of the segment from which it holds. */
  | { type: 'init'; timelineId: string; renditionId: string; epoch: number; header?: number }
  | { type: 'segment'; timelineId: string; renditionId: string; epoch: number; sequence: number }
  | { type: 'part'; timelineId: string; renditionId: string; epoch: number; part: number }
  /** A sheet of small pictures. `minute`: of program time, since the Unix epoch. */
  | { type: 'sheet'; timelineId: string; minute: number }

const RENDITION = /^[a-z0-9][a-z0-9-]{0,31}$/
const NUMBER = /^(0|[1-9][0-9]{0,14})$/
const OBJECT = /^(?:(init)(?:-([1-9][0-9]{0,14}))?\.mp4|([sp])(0|[1-9][0-9]{0,14})\.m4s)$/

/** True for a rendition id: lower-case letters, digits and hyphens, 32 characters at most. */
export function isRenditionId(value: string): boolean {
  return RENDITION.test(value)
}

/**
 * Parses what follows `/p/<token>/` or `/media/`. Anything that isn't exactly one of the forms above is null: no
 * percent-encoding, no dots, no second spelling of a number, so that one object has one cache key.
 */
export function parseMediaPath(rest: string): MediaPath | null {
  const parts = rest.split('/')
  if (parts[0] === 'm') return parseObject(parts)
  const [kind, assetId, file] = parts
  if (parts.length !== 3 || !isId(assetId) || !file?.endsWith('.m3u8') || !isPlaybackKind(kind)) return null
  const renditionId = file.slice(0, -'.m3u8'.length)
  if (renditionId === 'master') return { type: 'master', kind, assetId }
  return isRenditionId(renditionId) ? { type: 'playlist', kind, assetId, renditionId } : null
}

function parseObject(parts: string[]): MediaPath | null {
  if (parts.length === 4) return parseSheet(parts)
  const [, timelineId, renditionId, epochText, object] = parts
  if (parts.length !== 5 || !isId(timelineId) || !renditionId || !isRenditionId(renditionId)) return null
  if (!epochText || !NUMBER.test(epochText)) return null
  const match = OBJECT.exec(object ?? '')
  if (!match) return null
  const at = { timelineId, renditionId, epoch: Number(epochText) }
  if (match[1]) return { type: 'init', ...at, ...(match[2] && { header: Number(match[2]) }) }
  const number = Number(match[4])
  return match[3] === 's'
    ? { type: 'segment', ...at, sequence: number }
    : { type: 'part', ...at, part: number }
}

function parseSheet([, timelineId, folder, file]: string[]): MediaPath | null {
  if (!isId(timelineId) || folder !== 'storyboard' || !file?.endsWith('.jpg')) return null
  const minute = file.slice(0, -'.jpg'.length)
  return NUMBER.test(minute) ? { type: 'sheet', timelineId, minute: Number(minute) } : null
}

/** Address of a sheet of small pictures, relative to `/p/<token>/` or `/media/`. */
export function sheetPath(timelineId: string, minute: number): string {
  return `m/${timelineId}/storyboard/${minute}.jpg`
}

/**
 * Address of a CMAF header, relative to `/p/<token>/` or `/media/`.
 * @param header absent for the epoch's first; where an encoder changed its parameters in mid-stream, the number of the
 * first segment that needs the new ones
 */
export function initPath(timelineId: string, renditionId: string, epoch: number, header?: number): string {
  return `m/${timelineId}/${renditionId}/${epoch}/${initName(header)}`
}

/** Name of a header among the objects of its epoch. */
export function initName(header?: number): string {
  return header ? `init-${header}.mp4` : 'init.mp4'
}

/** Address of a segment, relative to `/p/<token>/` or `/media/`. */
export function segmentPath(
  timelineId: string,
  renditionId: string,
  epoch: number,
  sequence: number,
): string {
  return `m/${timelineId}/${renditionId}/${epoch}/s${sequence}.m4s`
}

/** Address of a part, relative to `/p/<token>/` or `/media/`. Parts count rendition-wide, not per segment (MEDIA.md 8). */
export function partPath(timelineId: string, renditionId: string, epoch: number, part: number): string {
  return `m/${timelineId}/${renditionId}/${epoch}/p${part}.m4s`
}
