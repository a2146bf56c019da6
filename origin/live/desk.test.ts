import { createHash } from 'node:crypto'
import { Code, ConnectError } from '@connectrpc/connect'
import type { AuthorizePublisherRequest } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { expect, test } from 'vitest'
import { createPublishDesk } from './desk.ts'
import type { Grant } from './grant.ts'
import type { IngestApi } from './ingest-api.ts'

const encoder = { remoteAddress: '192.0.2.1', silentMs: () => 0, end: () => {} }
const offer = { app: 'live', key: 'secret', encoder: 'OBS' }

function desk(answer: () => object) {
  const asked: Partial<AuthorizePublisherRequest>[] = []
  const grants: Grant[] = []
  const api = {
    authorizePublisher: async (request: Partial<AuthorizePublisherRequest>) => {
      asked.push(request)
      return answer()
    },
  } as unknown as Pick<IngestApi, 'authorizePublisher'>
  const made = createPublishDesk({
    api,
    nodeUrl: 'http://node',
    nodeRun: 'run',
    begin: (grant) => {
      grants.push(grant)
      return { take: () => {}, close: () => {} }
    },
  })
  return { desk: made, asked, grants }
}

test("only the key's hash leaves the node, and the grant is read with care", async () => {
  const answer = {
    broadcastId: 'B',
    channelId: 'C',
    epoch: 2,
    firstSequence: 30n,
    sequenceCount: 100,
    settings: { ladder: 'odd', partTargetMs: 7, archive: false, reconnectWindowSeconds: 30 },
  }
  const { desk: made, asked, grants } = desk(() => answer)
  await made.open(offer, encoder)
  const streamKeySha256 = createHash('sha256').update('secret').digest('hex')
  expect(asked).toEqual([
    { streamKeySha256, remoteAddress: '192.0.2.1', nodeUrl: 'http://node', nodeRun: 'run' },
  ])
  expect(grants).toEqual([
    {
      broadcastId: 'B',
      channelId: 'C',
      epoch: 2,
      firstSequence: 30,
      sequenceCount: 100,
      ladder: 'off',
      partTargetMs: 510,
      archive: false,
      reconnectWindowMs: 30_000,
      left: null,
    },
  ])
})

test.each([
  [Code.Unauthenticated, 'NetStream.Publish.BadName', 'The stream key is not valid'],
  [Code.AlreadyExists, 'NetStream.Publish.BadName', 'already in use'],
  [Code.PermissionDenied, 'NetStream.Publish.Denied', 'You are banned.'],
])('answer %i is worded for the encoder', async (code, status, text) => {
  const { desk: made } = desk(() => {
    throw new ConnectError('You are banned.', code)
  })
  await expect(made.open(offer, encoder)).rejects.toMatchObject({
    code: status,
    message: expect.stringContaining(text),
  })
})

test('an api that is away is no refusal', async () => {
  const { desk: made } = desk(() => {
    throw new ConnectError('away', Code.Unavailable)
  })
  await expect(made.open(offer, encoder)).rejects.toBeInstanceOf(ConnectError)
})
