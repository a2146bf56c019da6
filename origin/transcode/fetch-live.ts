import { JobError } from './job-error.ts'
import { bestVariant, newestPicture } from './live-playlist.ts'

export interface LiveSource {
  /** Base URL of the ingest node. */
  liveUrl: string
  broadcastId: string
  serviceToken: string
  signal: AbortSignal
}

const REQUEST_TIMEOUT_MS = 5000
const MAX_PLAYLIST_BYTES = 1024 * 1024
/** 4 s at 60 Mb/s. */
const MAX_SEGMENT_BYTES = 32 * 1024 * 1024

/**
 * Fetches a header and the newest key frame's part of a live broadcast's source rung: bytes that a decoder can start with.
 * @throws JobError `not-live`, `no-picture` (nothing came yet), `unreachable`, `too-large`
 */
export async function fetchNewestPicture(source: LiveSource): Promise<Uint8Array[]> {
  const base = new URL(`${source.liveUrl}/media/`)
  const masterUrl = new URL(`live/${source.broadcastId}/master.m3u8`, base)
  const variant = bestVariant(await fetchText(source, base, masterUrl))
  if (!variant) throw new JobError('no-picture', 'the stream has no picture yet', { retryable: true })
  const playlistUrl = new URL(variant, masterUrl)
  const picture = newestPicture(await fetchText(source, base, playlistUrl))
  if (!picture) throw new JobError('no-picture', 'the stream has no key frame yet', { retryable: true })
  return [
    await fetchBytes(source, base, new URL(picture.init, playlistUrl), MAX_SEGMENT_BYTES),
    await fetchBytes(source, base, new URL(picture.media, playlistUrl), MAX_SEGMENT_BYTES),
  ]
}

async function fetchText(source: LiveSource, base: URL, url: URL): Promise<string> {
  return new TextDecoder().decode(await fetchBytes(source, base, url, MAX_PLAYLIST_BYTES))
}

async function fetchBytes(source: LiveSource, base: URL, url: URL, maxBytes: number): Promise<Uint8Array> {
  // The service token goes nowhere else, whatever a playlist says.
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) {
    throw new JobError('unreachable', `a playlist points to ${url.href}`)
  }
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${source.serviceToken}` },
      redirect: 'error',
      signal: AbortSignal.any([source.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    })
    if (response.status === 404) {
      await response.body?.cancel()
      throw new JobError('not-live', `${url.pathname} is not there`, { retryable: true })
    }
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new JobError('unreachable', `${url.pathname} answers ${response.status}`, { retryable: true })
    }
    return await readAtMost(response, maxBytes)
  } catch (error) {
    if (error instanceof JobError) throw error
    throw new JobError('unreachable', `${url.pathname} cannot be fetched`, { retryable: true, cause: error })
  }
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > maxBytes) throw new JobError('too-large', `an answer is over ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
