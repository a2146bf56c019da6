import { PortError } from '../error.ts'

/** What a file's name says of its content; adapters keep a content type beside an object only where it differs. */
const BY_EXTENSION: Record<string, string> = {
  m4s: 'video/mp4',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  jpg: 'image/jpeg',
  png: 'image/png',
  vtt: 'text/vtt',
  json: 'application/json',
}

const MEDIA_TYPE = /^[a-z]+\/[a-z0-9.+-]{1,100}(; ?[a-z-]+=[a-z0-9-]+)?$/i

/** The content type that a key's extension stands for. */
export function contentTypeByName(key: string): string {
  return BY_EXTENSION[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
}

/** @throws PortError `invalid` for what is no media type */
export function checkContentType(contentType: string): void {
  if (!MEDIA_TYPE.test(contentType)) {
    throw new PortError('blobs', 'invalid', `${JSON.stringify(contentType.slice(0, 80))} is no media type`)
  }
}
