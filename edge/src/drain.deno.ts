import type { Log } from './log.ts'

export interface DrainOptions {
  /** Requests that are open for longer are cut with the process. */
  withinMs: number
  log: Log
  /** Leaves them less time. */
  hurry?: { signal: AbortSignal; withinMs: number }
}

/** Takes nobody new, tells those who are there to go when they have their answer, and waits for that. */
export async function drain(server: Deno.HttpServer, { withinMs, log, hurry }: DrainOptions): Promise<void> {
  const through = new AbortController()
  const late = async (ms: number) => {
    if (await passed(ms, through.signal)) log.warn({ afterMs: ms }, 'Requests that were still open are cut')
  }
  const deadlines = [late(withinMs)]
  if (hurry) deadlines.push(aborted(hurry.signal).then(() => late(hurry.withinMs)))
  await Promise.race([server.shutdown(), ...deadlines])
  through.abort()
}

/** Resolves when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Waits, false when `signal` ended the wait. */
export function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), ms)
    void aborted(signal).then(() => {
      clearTimeout(timer)
      resolve(false)
    })
  })
}

/** Tells an HTTP/1.1 client to make a new connection for its next request; HTTP/2 has a frame of its own for that. */
export async function closing(response: Response | Promise<Response>): Promise<Response> {
  const answer = await response
  const last = new Response(answer.body, answer)
  last.headers.set('connection', 'close')
  return last
}
