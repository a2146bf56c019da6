import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { ENDED, NODE_URL, newKey, publish } from './testing.ts'

let api: TestApi
let ada: Creator
beforeAll(async () => {
  api = await startApiForTests()
  ada = await signUp(api)
})
afterAll(() => api.close())

async function leave(key: string, warnings: string[]): Promise<void> {
  const { broadcastId, epoch } = await publish(api, key)
  const health = { warnings, width: 0, height: 0 }
  await api.ingest.reportStreams({
    reports: [{ broadcastId, epoch, state: ENDED, health, nodeUrl: NODE_URL }],
  })
}

async function refusal(): Promise<unknown> {
  const { body } = await ada.browser.get(`/channels/${ada.handle}/live`)
  expect(body.state).toBe('idle')
  return body.refusal
}

test('a creator reads why the encoder was turned away, until one ends well or it is old', async () => {
  const key = await newKey(ada)
  expect(await refusal()).toBeNull()
  await leave(key, ['no-audio', 'unsupported-codec:HEVC'])
  expect(await refusal()).toMatchObject({ warning: 'unsupported-codec:HEVC' })
  await leave(key, ['no-audio'])
  expect(await refusal()).toBeNull()
})
