import { type Client, createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-web'
import { EdgeService } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import type { Env } from './env.ts'

/** Every question to the api role is answered within this time, or fails with `deadline_exceeded`. */
const RPC_DEADLINE_MS = 2000

export type EdgeRpc = Client<typeof EdgeService>

/** The api role's EdgeService, by the Connect protocol over fetch. */
export function createEdgeRpc({ config, fetch }: Pick<Env, 'config' | 'fetch'>): EdgeRpc {
  const transport = createConnectTransport({
    baseUrl: `${config.apiUrl}/rpc`,
    useBinaryFormat: true,
    defaultTimeoutMs: RPC_DEADLINE_MS,
    interceptors: [
      (next) => (request) => {
        request.header.set('authorization', `Bearer ${config.serviceToken}`)
        return next(request)
      },
    ],
    // The transport asks for `redirect: 'error'`, which workerd does not know.
    fetch: (input, init = {}) => fetch(String(input), { ...init, redirect: 'manual' }),
  })
  return createClient(EdgeService, transport)
}
