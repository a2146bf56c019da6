/** Bodies up to this size go in one piece: cheaper than a stream, and their length is known. */
const WHOLE_UP_TO_BYTES = 64 * 1024

/** A body larger than the route allows. */
export class BodyTooLargeError extends Error {
  readonly code = 'body-too-large'
  readonly maxBytes: number
  constructor(maxBytes: number) {
    super(`The request's body is larger than ${maxBytes} bytes`)
    this.name = 'BodyTooLargeError'
    this.maxBytes = maxBytes
  }
}

/**
 * The body to send on. One of unknown length is counted on its way.
 * @param onTooLarge called when a body turns out too large: the exchange is to be given up
 * @throws BodyTooLargeError when the announced length is too large already
 */
export async function requestBody(
  request: Request,
  maxBytes: number,
  onTooLarge: (error: BodyTooLargeError) => void,
): Promise<BodyInit | null> {
  const { body } = request
  if (body === null || request.method === 'GET' || request.method === 'HEAD') return null
  const announced = Number(request.headers.get('content-length') ?? Number.NaN)
  if (announced > maxBytes) throw new BodyTooLargeError(maxBytes)
  if (announced <= WHOLE_UP_TO_BYTES) return request.arrayBuffer()
  let sizeBytes = 0
  return body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        sizeBytes += chunk.byteLength
        if (sizeBytes <= maxBytes) return controller.enqueue(chunk)
        const error = new BodyTooLargeError(maxBytes)
        onTooLarge(error)
        controller.error(error)
      },
    }),
  )
}

/**
 * The body to answer with.
 * @param onEnd called once, when the body is through or given up
 */
export async function responseBody(response: Response, onEnd: () => void): Promise<BodyInit | null> {
  const { body } = response
  if (body === null) {
    onEnd()
    return null
  }
  const announced = Number(response.headers.get('content-length') ?? Number.NaN)
  if (announced <= WHOLE_UP_TO_BYTES) return response.arrayBuffer().finally(onEnd)
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        onEnd()
        controller.close()
      } catch (error) {
        onEnd()
        controller.error(error)
      }
    },
    cancel(reason) {
      onEnd()
      return reader.cancel(reason)
    },
  })
}
