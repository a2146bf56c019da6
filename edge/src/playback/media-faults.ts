import { ConnectError } from '@connectrpc/connect'
import type { Loaded, StoredObject } from '../cache/object-cache.ts'
import { BrokenBodyError } from '../cache/shared-body.ts'
import { BusyError } from '../cache/single-flight.ts'
import type { EdgeProblemCode } from '../http/problems.ts'
import { UnknownTimelineError } from './locator.ts'
import { OriginAwayError } from './media-origin.ts'
import { RevocationsAwayError } from './revocations.ts'

/** An answer that is no media: what a viewer is told. */
export interface Fault {
  code: EdgeProblemCode
  status: number
  detail: string
  retryAfter?: string
}

/** Why a request gets no media. */
export class Refused extends Error {
  readonly fault: Fault
  constructor(fault: Fault) {
    super(fault.detail)
    this.name = 'Refused'
    this.fault = fault
  }
}

const again = { code: 'unavailable', retryAfter: '1' } as const

/** What a viewer is told when media could not be fetched. Undefined for errors that nobody foresaw. */
export function faultOfError(error: unknown): Fault | undefined {
  if (error instanceof UnknownTimelineError) {
    return { code: 'not-found', status: 404, detail: 'This video is not here any more.' }
  }
  if (error instanceof BusyError)
    return { ...again, status: 503, detail: 'Too many viewers at once. Try again.' }
  if (error instanceof RevocationsAwayError) {
    return { ...again, status: 503, detail: 'Nobody can be let in just now. Try again.' }
  }
  if (error instanceof OriginAwayError || error instanceof ConnectError) {
    return { ...again, status: 503, detail: 'The stream is away for a moment. Try again.' }
  }
  if (error instanceof BrokenBodyError)
    return { ...again, status: 502, detail: 'The stream broke off. Try again.' }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return { ...again, status: 504, detail: 'The stream took too long to answer. Try again.' }
  }
  return undefined
}

/** What a viewer is told when an origin answers with something else than media. */
export function faultOfStatus(status: number, retryAfter: string | null): Fault {
  switch (status) {
    case 400:
      return { code: 'invalid-request', status, detail: 'The playlist was asked for a part too far ahead.' }
    case 404:
    case 410:
      return { code: 'not-found', status: 404, detail: 'There is no such media.' }
    case 503:
      return {
        ...again,
        status,
        detail: 'The next part is late. Try again.',
        ...(retryAfter !== null && { retryAfter }),
      }
    default:
      return { ...again, status: 502, detail: 'The stream could not be fetched. Try again.' }
  }
}

/**
 * Whether an error says that the origin is away for now, or does not know yet what it will: one that was just restarted
 * has a broadcast again when its encoder has come back.
 */
export function isAway(error: unknown): boolean {
  if (error instanceof Refused) return error.fault.status === 404
  return (
    error instanceof OriginAwayError ||
    error instanceof ConnectError ||
    error instanceof BrokenBodyError ||
    (error instanceof DOMException && error.name === 'TimeoutError')
  )
}

/**
 * What was loaded, where it is an object.
 * @throws Refused
 */
export function storedOf(loaded: Loaded): StoredObject {
  if (loaded.type === 'object') return loaded.object
  throw new Refused(
    loaded.type === 'refused' ? faultOfStatus(loaded.status, loaded.retryAfter) : faultOfStatus(502, null),
  )
}
