import { type Client, Code, ConnectError } from '@connectrpc/connect'
import type { IngestService } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'

/** The api role as an ingest node sees it. Every call has a deadline. */
export type IngestApi = Client<typeof IngestService>

/**
 * What the api itself decides. Not among them: a wrong service token and an unknown route, which are also what a proxy
 * in between answers (403, 404) while somebody sets it right, and nothing may be lost by that.
 */
const finalCodes = new Set([Code.InvalidArgument, Code.NotFound, Code.FailedPrecondition])

/** True for an answer that stays the same however often one asks: the call was understood and refused. */
export function isFinalFailure(error: unknown): boolean {
  return error instanceof ConnectError && finalCodes.has(error.code)
}
