import { newId } from '@streamtube/contracts/ids.ts'
import { schema } from '@streamtube/db/index.ts'
import { expect } from 'vitest'
import type { Creator } from '../api/testing/people.ts'
import type { TestApi } from '../api/testing/start-api.ts'
import { ENDED, LIVE, newKey, publish, renditions, report, segments } from '../library/testing.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import type { RetentionDeps } from './index.ts'

/** Retention as the api role has it, with some calls of the store done otherwise. */
export function retentionOf(
  api: TestApi,
  { store = {}, closing = new AbortController() }: { store?: Partial<Blobs>; closing?: AbortController } = {},
): RetentionDeps {
  const { db, log, now, blobs } = api.library
  const otherwise = new Proxy(blobs, {
    get: (target, name) => Reflect.get(store, name) ?? Reflect.get(target, name).bind(target),
  })
  return { db, log, now, blobs: otherwise, closing: closing.signal }
}

/** Keys of all that is stored, in order. */
export async function stored(api: TestApi): Promise<string[]> {
  const { items, next } = await api.library.blobs.list({ prefix: '', limit: 1000 })
  expect(next).toBeNull()
  return items.map(({ key }) => key)
}

/** Stores and lists segments of two renditions, 2 s each, as a recorder does. */
export async function record(
  api: TestApi,
  { broadcastId, epoch }: { broadcastId: string; epoch: number },
  from: number,
  count: number,
): Promise<void> {
  const recorded = segments(broadcastId, epoch, from, count)
  for (const { locator } of recorded) {
    await api.library.blobs.put(locator, new Uint8Array(10), { contentType: 'video/mp4' })
  }
  await api.ingest.appendIndex({
    timelineId: broadcastId,
    epoch,
    renditions: renditions(),
    segments: recorded,
  })
}

/** A channel's stream that is live, with `count` segments recorded. */
export async function goLive(api: TestApi, creator: Creator, count: number) {
  const grant = await publish(api, await newKey(creator))
  await report(api, grant, LIVE)
  await record(api, grant, 0, count)
  return grant
}

/** A stream of a channel that is over. @returns its id */
export async function makeReplay(api: TestApi, creator: Creator, count = 5): Promise<string> {
  const grant = await goLive(api, creator, count)
  await report(api, grant, ENDED)
  return grant.broadcastId
}

/** A published clip of some segments of a stream. @returns its id */
export async function makeClip(
  api: TestApi,
  creator: Creator,
  about: { videoId: string; startMs: number; endMs: number },
): Promise<string> {
  const id = newId()
  const [channel] = (await creator.browser.get('/session')).body.channels
  await api.library.db.insert(schema.clips).values({
    id,
    takeId: newId(),
    timelineId: about.videoId,
    videoId: about.videoId,
    channelId: channel.id,
    creatorId: (await creator.browser.get('/session')).body.person.id,
    title: 'The best of it',
    startMs: about.startMs,
    endMs: about.endMs,
    takeStartMs: about.startMs,
    takeEndMs: about.endMs,
    positionMs: 0,
    publishedAt: new Date(api.now()),
    createdAt: new Date(api.now()),
  })
  return id
}
