import { type Client, Code, ConnectError } from '@connectrpc/connect'
import type { IngestService } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'

/** The api role as an ingest node sees it. Every call has a deadline. */
export type IngestApi = Client<typeof IngestService>

const finalCodes = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.Unimplemented,
])

/** True for an answer that stays the same however often one asks: the call was understood and refused. */
export function isFinalFailure(error: unknown): boolean {
  return error instanceof ConnectError && finalCodes.has(error.code)
}
