import { newId } from '@streamtube/contracts/ids.ts'
import { schema } from '@streamtube/db/index.ts'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { deleteOldRevocations, readRevocations, revoke } from './index.ts'

const HOUR_MS = 3_600_000

let api: TestApi
beforeAll(async () => {
  api = await startApiForTests()
})
afterAll(() => api.close())

async function told(cursor: string): Promise<{ ids: string[]; cursor: string }> {
  const answer = await api.edge.listRevocations({ cursor })
  const ids = answer.revocations.map(({ playbackId }) => playbackId)
  return answer.more
    ? { ids: [...ids, ...(await told(answer.cursor)).ids], cursor }
    : { ids, cursor: answer.cursor }
}

async function revokePlaybacks(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId())
  for (const playbackId of ids) await revoke(api.library.db, { kind: 'playback', playbackId }, api.now())
  return ids
}

test('an edge is told what was revoked, and then only what is new', async () => {
  const first = await revokePlaybacks(2)
  const start = await told('')
  expect(start.ids).toEqual(first)
  expect((await told(start.cursor)).ids).toEqual([])
  const second = await revokePlaybacks(1)
  expect((await told(start.cursor)).ids).toEqual(second)
})

test('pages leave nothing out and tell nothing twice', async () => {
  const { cursor } = await told('')
  const wanted = await revokePlaybacks(5)
  const seen: (string | null)[] = []
  let page = await readRevocations(api.library.db, cursor, 2)
  for (;;) {
    seen.push(...page.rows.map(({ playbackId }) => playbackId))
    if (!page.more) break
    page = await readRevocations(api.library.db, page.cursor, 2)
  }
  expect(seen).toEqual(wanted)
})

test('what is committed while an older transaction runs on is told at once, and what that one commits is not skipped', async () => {
  const { db } = api.library
  const { cursor } = await told('')
  // One connection runs no two transactions at once, so a row gets the id of one that is yet to come: to the feed, those
  // before it still run.
  const [next] = await db
    .select({
      id: sql<string>`(pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 2)::text`,
    })
    .from(sql`(select) as nothing`)
  const overtaking = newId()
  const expiresAt = new Date(api.now() + HOUR_MS)
  await db
    .insert(schema.revocations)
    .values({ id: newId(), playbackId: overtaking, transactionId: String(next?.id), expiresAt })
  const before = await told(cursor)
  expect(before.ids).toEqual([overtaking])
  const [overtaken] = await revokePlaybacks(1)
  expect((await told(before.cursor)).ids).toEqual([overtaken, overtaking])
  const after = await told(before.cursor)
  await revokePlaybacks(3)
  const { cursor: end } = await told(after.cursor)
  expect((await told(end)).ids).toEqual([])
})

test('many that were committed while an older transaction runs on never make an edge ask in a loop', async () => {
  const { db } = api.library
  const { cursor } = await told('')
  const expiresAt = new Date(api.now() + HOUR_MS)
  const [next] = await db
    .select({
      id: sql<string>`(pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 3)::text`,
    })
    .from(sql`(select) as nothing`)
  const rows = [1, 2, 3].map(() => ({
    id: newId(),
    playbackId: newId(),
    transactionId: String(next?.id),
    expiresAt,
  }))
  await db.insert(schema.revocations).values(rows)
  const page = await readRevocations(db, cursor, 2)
  expect([page.rows.length, page.more]).toEqual([2, false])
  await revokePlaybacks(4)
  const seen: (string | null)[] = []
  let later = await readRevocations(db, page.cursor, 2)
  for (;;) {
    seen.push(...later.rows.map(({ playbackId }) => playbackId))
    if (!later.more) break
    later = await readRevocations(db, later.cursor, 2)
  }
  expect(seen).toEqual(expect.arrayContaining(rows.map(({ playbackId }) => playbackId)))
})

test.each(['99999999999999.', 'nonsense', '1.x; drop table'])(
  'a cursor that this database never gave (%s) begins anew',
  async (cursor) => {
    expect((await told(cursor)).ids).toEqual((await told('')).ids)
  },
)

test('each subject is named by what it names, and what may be granted again by its time', async () => {
  const { cursor } = await api.edge.listRevocations({ cursor: '' })
  const [sessionId, viewerId, assetId] = [newId(), newId(), newId()]
  const { db } = api.library
  const nowMs = api.now()
  await revoke(db, { kind: 'session', sessionId }, nowMs)
  await revoke(db, { kind: 'viewer', viewerId }, nowMs)
  await revoke(db, { kind: 'viewer-of-asset', viewerId, assetId }, nowMs)
  await revoke(db, { kind: 'asset', assetId }, nowMs)
  const { revocations } = await api.edge.listRevocations({ cursor })
  const decidedUntilMs = BigInt(nowMs + 2000)
  expect(revocations).toMatchObject([
    { sessionId, viewerId: '', assetId: '', decidedUntilMs: 0n },
    { sessionId: '', viewerId, assetId: '', decidedUntilMs },
    { sessionId: '', viewerId, assetId, decidedUntilMs },
    { sessionId: '', viewerId: '', assetId, decidedUntilMs },
  ])
  for (const { expiresAtMs } of revocations) expect(Number(expiresAtMs) - nowMs).toBeGreaterThan(12 * HOUR_MS)
})

test('a revocation that names nobody can not be written', async () => {
  const row = { id: newId(), expiresAt: new Date() }
  await expect(api.library.db.insert(schema.revocations).values(row)).rejects.toThrow()
})

test('signing out ends what the session plays, and nothing of anybody else', async () => {
  const [ada, bob] = [await signUp(api), await signUp(api)]
  const { cursor } = await api.edge.listRevocations({ cursor: '' })
  const sessionOf = async (cookie: string | undefined) => {
    const assetId = await addVideo(ada.channelId)
    return (await api.edge.authorizePlayback({ kind: 'vod', assetId, sessionToken: cookie ?? '' })).sessionId
  }
  const [hers, his] = [await sessionOf(ada.browser.cookie), await sessionOf(bob.browser.cookie)]
  expect(new Set([hers, his, '']).size).toBe(3)
  await ada.browser.delete('/session')
  const { revocations } = await api.edge.listRevocations({ cursor })
  expect(revocations.map(({ sessionId }) => sessionId)).toEqual([hers])
})

test('signing out twice, or with a cookie that is nobody’s, revokes nothing', async () => {
  const ada = await signUp(api)
  const { cookie } = ada.browser
  await ada.browser.delete('/session')
  const { cursor } = await api.edge.listRevocations({ cursor: '' })
  for (const token of [cookie, 'made-up']) {
    ada.browser.cookie = token
    await ada.browser.delete('/session')
  }
  expect((await api.edge.listRevocations({ cursor })).revocations).toEqual([])
})

test('a revocation is forgotten when every token it could mean has expired, not before', async () => {
  const [playbackId] = await revokePlaybacks(1)
  await deleteOldRevocations(api.library.db, api.now() + 12 * HOUR_MS)
  expect((await told('')).ids).toContain(playbackId)
  await deleteOldRevocations(api.library.db, api.now() + 12.1 * HOUR_MS)
  expect((await told('')).ids).toEqual([])
})

async function addVideo(channelId: string): Promise<string> {
  const id = newId()
  await api.library.db.insert(schema.videos).values({
    id,
    channelId,
    timelineId: id,
    origin: 'file',
    state: 'ready',
    title: 'A video',
    startedAt: new Date(api.now()),
  })
  return id
}
