import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { tokenHash } from '../tokens.ts'
import { reportStream } from './life.ts'
import { authorisePublisher } from './publishers.ts'
import { newKey } from './testing.ts'

const ROUNDS = 200

let api: TestApi
beforeAll(async () => {
  api = await startApiForTests({ stillClock: true })
})
afterAll(() => api.close())

test('of two publishers at once one is let in, 200 times: one broadcast, no epoch and no number twice', async () => {
  const { library } = api
  const ada = await signUp(api)
  const keyHash = tokenHash(await newKey(ada))
  const offer = (node: number) =>
    authorisePublisher(library, {
      keyHash,
      remoteAddress: `203.0.113.${node}`,
      nodeUrl: `http://127.0.0.1:700${node}`,
      nodeRun: 'run',
    })
  const say = ({ id, epoch }: { id: string; epoch: number }, state: 'live' | 'interrupted') =>
    reportStream(library, { broadcastId: id, epoch, state, silentMs: 0, health: null })

  const granted: { id: string; epoch: number; firstSequence: number; sequenceCount: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const tries = await Promise.allSettled(round % 2 === 0 ? [offer(1), offer(2)] : [offer(2), offer(1)])
    const refused = tries.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(refused).toMatchObject([{ code: 'already-live' }])
    for (const result of tries) {
      if (result.status === 'fulfilled') granted.push({ ...result.value, ...result.value.broadcast })
    }
    const winner = granted.at(-1)
    if (!winner) throw new Error('nobody was let in')
    // Half of them have a picture before they are lost.
    if (round % 2 === 0) expect(await say(winner, 'live')).toEqual({ end: false })
    expect(await say(winner, 'interrupted')).toEqual({ end: false })
  }

  expect(new Set(granted.map(({ id }) => id)).size).toBe(1)
  expect(granted.map(({ epoch }) => epoch)).toEqual(granted.map((_, i) => i + 1))
  const starts = granted.map(({ firstSequence }) => firstSequence)
  expect(starts).toEqual(granted.map(({ sequenceCount }, i) => i * sequenceCount))
  const { broadcastEpochs, broadcasts } = schema
  const rows = await library.db.select().from(broadcasts).where(eq(broadcasts.channelId, ada.channelId))
  expect(rows).toMatchObject([{ id: granted[0]?.id, epoch: ROUNDS }])
  const epochs = await library.db.select().from(broadcastEpochs).orderBy(broadcastEpochs.epoch)
  expect(epochs.map(({ firstSequence }) => firstSequence)).toEqual(starts)
})
