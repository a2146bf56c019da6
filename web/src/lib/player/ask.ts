import type { PlaybackKind } from '@streamtube/contracts/claims.ts'
import { ApiError, answer, browserApi } from '#lib/api/client.ts'

/** Asks for the address of a video or a live stream, good for this viewer only. @throws ApiError */
export function askForPlayback(kind: PlaybackKind, id: string) {
  return answer(browserApi().POST('/playback/{kind}/{id}', { params: { path: { kind, id } } }))
}

/** What an answer to that means: a refusal that will stay, or null for trouble that may pass. */
export function refusalOf(error: unknown): 'forbidden' | 'not-found' | null {
  if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500 || error.status === 429)
    return null
  return error.status === 401 || error.status === 403 ? 'forbidden' : 'not-found'
}
