import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { isFinalFailure } from './ingest-api.ts'

test.each([
  [Code.InvalidArgument, true],
  [Code.NotFound, true],
  [Code.FailedPrecondition, true],
  // What a proxy's 403, 404, 502 and 503 become: the next try may get through.
  [Code.PermissionDenied, false],
  [Code.Unimplemented, false],
  [Code.Unavailable, false],
  [Code.DeadlineExceeded, false],
  [Code.Internal, false],
])('an answer with code %i is final: %s', (code, isFinal) => {
  expect(isFinalFailure(new ConnectError('no', code))).toBe(isFinal)
})

test('a call that never got an answer is tried again', () => {
  expect(isFinalFailure(new Error('fetch failed'))).toBe(false)
})
