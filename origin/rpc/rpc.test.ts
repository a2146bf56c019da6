import { Code } from '@connectrpc/connect'
import { Health } from '@streamtube/contracts/gen/grpc/health/v1/health_pb'
import { EdgeService } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { tokenHash } from '../tokens.ts'
import { connectRpc } from './client.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApiForTests({ demo: true })
})
afterAll(() => api.close())

const NOBODY = { timelineId: '01kb0000000000000000000000' }

describe('the services', () => {
  test.each(['', 'wrong', 'service-token-for-test', 'service-token-for-tests2'])(
    'refuse the service token "%s"',
    async (serviceToken) => {
      const edge = connectRpc(EdgeService, { ...api.rpcTarget, serviceToken })
      await expect(edge.client.locate(NOBODY)).rejects.toMatchObject({ code: Code.PermissionDenied })
      edge.close()
    },
  )

  test('answer Connect over HTTP/1.1 under /rpc as well, with the token only', async () => {
    const call = (authorization: string) =>
      fetch(`${api.url}/rpc/streamtube.v1.EdgeService/Locate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify(NOBODY),
      })
    expect((await call('Bearer wrong')).status).toBe(403)
    const answer = await call(`Bearer ${api.rpcTarget.serviceToken}`)
    expect(await answer.json()).toMatchObject({ code: 'not_found' })
  })

  test('say how they are to whoever asks', async () => {
    const health = connectRpc(Health, { ...api.rpcTarget, serviceToken: 'none' })
    expect(await health.client.check({})).toMatchObject({ status: 1 })
    health.close()
  })

  test('are given up by a caller at its deadline', async () => {
    const nobody = connectRpc(EdgeService, { ...api.rpcTarget, url: 'http://127.0.0.1:9', deadlineMs: 500 })
    await expect(nobody.client.locate(NOBODY)).rejects.toMatchObject({ name: 'ConnectError' })
    nobody.close()
    const before = performance.now()
    const claim = api.jobs.claim({ workerId: 'worker', waitMs: 60_000 }, { timeoutMs: 1500 })
    expect((await claim).job).toBeUndefined()
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})

describe('the demo', () => {
  test('is made once: the same channels, keys and addresses at every start, a new link each time', async () => {
    const first = await api.setup.prepareDemo({})
    const second = await api.setup.prepareDemo({})
    expect(second.show).toEqual(first.show)
    expect(second.stage).toEqual(first.stage)
    expect(second.linkToken).not.toBe(first.linkToken)
    expect(first.stage?.streamKey).toMatch(/^st_[0-9a-z]{32}$/)
    expect(first.show?.streamKey).not.toBe(first.stage?.streamKey)

    const browser = api.browser()
    const answer = await browser.post('/session/link', { token: first.linkToken })
    expect(answer.body.channels.map(({ handle }: { handle: string }) => handle)).toEqual([
      'demo',
      'demo-stage',
    ])
    expect(answer.body.channels[0]).toMatchObject({ dvrMinutes: 60 })
    const grant = await api.ingest.authorizePublisher({
      streamKeySha256: tokenHash(first.show?.streamKey ?? ''),
      remoteAddress: '',
      nodeUrl: 'http://127.0.0.1:7001',
    })
    expect(grant).toMatchObject({ broadcastId: first.show?.broadcastId, settings: { archive: true } })
    const stage = await api.edge.authorizePlayback({ kind: 'live', assetId: first.stage?.broadcastId ?? '' })
    expect(stage.timelineId).toBe(first.stage?.broadcastId)
  })
})

test('the demo is refused where it is off', async () => {
  const plain = await startApiForTests()
  await expect(plain.setup.prepareDemo({})).rejects.toMatchObject({ code: Code.FailedPrecondition })
  const { needed, token } = await plain.setup.createSetupLink({})
  expect(needed).toBe(true)
  const account = {
    handle: 'first',
    email: 'first@example.org',
    password: 'correct horse',
    setupToken: token,
  }
  expect((await plain.browser().post('/accounts', account)).status).toBe(201)
  await plain.close()
})
