import type { FileHandle } from 'node:fs/promises'
import { withDeadline } from '../deadline.ts'
import { PortError } from '../error.ts'
import type { BlobBody, ByteRange } from './port.ts'

const READ_CHUNK_BYTES = 128 * 1024

interface WriteOptions {
  maxBytes: number
  /** Longest wait for a stream's next chunk. */
  stallMs: number
  signal: AbortSignal
}

/**
 * Writes a body at the file's position.
 * @returns its size
 * @throws PortError `too-large`, `timeout` (a stream that stalls)
 */
export async function writeBody(file: FileHandle, body: BlobBody, options: WriteOptions): Promise<number> {
  if (!(body instanceof Uint8Array) && Symbol.asyncIterator in body)
    return await writeStream(file, body, options)
  const chunks = body instanceof Uint8Array ? [body] : body
  const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  checkSize(sizeBytes, options.maxBytes)
  const filled = chunks.filter((chunk) => chunk.byteLength > 0)
  if (filled.length === 0) return 0
  const { bytesWritten } = await file.writev(filled)
  if (bytesWritten !== sizeBytes) {
    throw new PortError('blobs', 'full', `only ${bytesWritten} of ${sizeBytes} bytes were taken`)
  }
  return sizeBytes
}

async function writeStream(
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  { maxBytes, stallMs, signal }: WriteOptions,
): Promise<number> {
  const iterator = body[Symbol.asyncIterator]()
  let sizeBytes = 0
  let ended = false
  try {
    for (;;) {
      const next = await withDeadline('blobs', 'the next chunk', { timeoutMs: stallMs, signal }, () =>
        iterator.next(),
      )
      if (next.done) {
        ended = true
        return sizeBytes
      }
      sizeBytes += next.value.byteLength
      checkSize(sizeBytes, maxBytes)
      await file.writeFile(next.value)
    }
  } finally {
    // Not awaited: a stalled generator answers `return` only after the chunk that never comes.
    if (!ended) iterator.return?.().catch(() => {})
  }
}

function checkSize(sizeBytes: number, maxBytes: number): void {
  if (sizeBytes > maxBytes) throw new PortError('blobs', 'too-large', `the body is over ${maxBytes} bytes`)
}

/**
 * Which bytes a range means; null for all of an empty object.
 * @throws PortError `invalid` for a range that holds no byte
 */
export function resolveRange(
  sizeBytes: number,
  range: ByteRange | undefined,
): { start: number; end: number } | null {
  if (!range) return sizeBytes === 0 ? null : { start: 0, end: sizeBytes - 1 }
  const { start, end = sizeBytes - 1 } = range
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end)
  if (!whole || start < 0 || end < start || start >= sizeBytes) {
    throw new PortError('blobs', 'invalid', `there are no bytes ${start}-${range.end ?? ''} in ${sizeBytes}`)
  }
  return { start, end: Math.min(end, sizeBytes - 1) }
}

/**
 * A file's bytes as a stream that closes the file at its end, when cancelled, or when `signal` is aborted.
 * @param onClosed called when the file is closed
 */
export function fileStream(
  file: FileHandle,
  range: { start: number; end: number } | null,
  signal: AbortSignal | undefined,
  onClosed: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = range?.start ?? 0
  let left = range ? range.end - range.start + 1 : 0
  let onAbort = () => {}
  const finish = async () => {
    signal?.removeEventListener('abort', onAbort)
    onClosed()
    await file.close()
  }
  return new ReadableStream({
    start(controller) {
      onAbort = () => {
        controller.error(new PortError('blobs', 'aborted', 'the reader gave up', signal?.reason))
        finish().catch(() => {})
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    },
    async pull(controller) {
      try {
        const buffer = new Uint8Array(Math.min(left, READ_CHUNK_BYTES))
        const { bytesRead } =
          left === 0 ? { bytesRead: 0 } : await file.read(buffer, 0, buffer.length, position)
        if (signal?.aborted) return
        if (left > 0 && bytesRead === 0)
          throw new PortError('blobs', 'corrupt', 'the object is shorter than it was')
        position += bytesRead
        left -= bytesRead
        if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead))
        if (left === 0) {
          controller.close()
          await finish()
        }
      } catch (error) {
        if (signal?.aborted) return
        controller.error(
          error instanceof PortError ? error : new PortError('blobs', 'closed', 'a read failed', error),
        )
        await finish().catch(() => {})
      }
    },
    cancel: finish,
  })
}
