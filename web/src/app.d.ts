import type { WebRequest } from '../server.ts'

declare global {
  namespace App {
    interface Error {
      message: string
      /** What kind of trouble; the error page words it. */
      code?: 'not-found' | 'unavailable' | 'internal'
      /** Names the request in the logs. */
      requestId?: string
    }
    interface Platform {
      req: WebRequest
    }
  }
}
