import { PortError, type PortErrorCode } from '../error.ts'

/** The operating system's name of an error, or null. */
export function fileErrorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** True when there is no such file: none of that name, or a part of its path is an object. */
export function isMissing(error: unknown): boolean {
  const code = fileErrorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

const CODES: Record<string, PortErrorCode> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  ENOTDIR: 'conflict',
  EISDIR: 'conflict',
  EEXIST: 'conflict',
  ENOTEMPTY: 'conflict',
}

/** What a caller sees of a file system's error. */
export function toPortError(call: string, error: unknown): PortError {
  if (error instanceof PortError) return error
  const code = fileErrorCode(error)
  if (code === null) return new PortError('blobs', 'unavailable', `${call} failed`, error)
  return new PortError('blobs', CODES[code] ?? 'unavailable', `${call} failed (${code})`, error)
}

/** For what may be gone: null then. @throws every other error */
export function ignoreMissing(error: unknown): null {
  if (isMissing(error)) return null
  throw error
}
