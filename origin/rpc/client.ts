import type { DescService } from '@bufbuild/protobuf'
import { type Client, createClient, type Interceptor } from '@connectrpc/connect'
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'

/** Where the api role answers, and how long a call may take. */
export interface RpcTarget {
  /** Base URL of the api's gRPC port (RPC_URL). */
  url: string
  serviceToken: string
  /** Deadline of every call that doesn't name its own (`timeoutMs` in its options), in milliseconds. */
  deadlineMs: number
}

/** A typed client over one HTTP/2 connection, which opens with the first call and reopens by itself. */
export interface RpcConnection<Service extends DescService> {
  client: Client<Service>
  /** Gives the connection up; calls under way fail with `canceled`. */
  close(): void
}

/** A message to the api is small; an answer over this is a mistake. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/**
 * Connects a Node role to one of the api's services by gRPC.
 * Calls fail with a ConnectError: `deadline_exceeded`, `unavailable` (nobody answers), `unauthenticated` (wrong
 * service token) or what the service itself answers.
 */
export function connectRpc<Service extends DescService>(
  service: Service,
  target: RpcTarget,
): RpcConnection<Service> {
  const sessionManager = new Http2SessionManager(target.url)
  const transport = createGrpcTransport({
    baseUrl: target.url,
    defaultTimeoutMs: target.deadlineMs,
    readMaxBytes: MAX_ANSWER_BYTES,
    interceptors: [withServiceToken(target.serviceToken)],
    sessionManager,
  })
  return { client: createClient(service, transport), close: () => sessionManager.abort() }
}

function withServiceToken(serviceToken: string): Interceptor {
  return (next) => (request) => {
    request.header.set('authorization', `Bearer ${serviceToken}`)
    return next(request)
  }
}
