import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { chunked, command, publishCommands, RtmpClient, setChunkSize } from '../rtmp-client.ts'
import type { Script } from './script.ts'

/** OBS's chunk size. */
const CHUNK_BYTES = 4096
const VIDEO = 9

/**
 * Publishes a script in real time, as an encoder does that says goodbye.
 * @throws when the server ends the connection: what it said last is in the message
 */
export async function publishScript(port: number, key: string, cues: Script): Promise<void> {
  const client = new RtmpClient(port)
  await client.shakeHands()
  client.write(publishCommands(key))
  await client.hears('NetStream.Publish.Start')
  client.write(setChunkSize(CHUNK_BYTES))
  const startedAtMs = performance.now()
  for (const { atMs, tag } of cues) {
    const earlyMs = atMs - (performance.now() - startedAtMs)
    if (earlyMs > 1) await wait(earlyMs)
    if (client.socket.destroyed) throw new Error(`the server has gone: ${client.said}`)
    const { type, timestampMs, data } = tag
    const chunkStream = type === VIDEO ? 6 : 4
    client.write(chunked({ chunkStream, type, timestampMs, messageStream: 1, payload: data }, CHUNK_BYTES))
  }
  client.write(
    Buffer.concat([command(0, 'FCUnpublish', 6, null, key), command(0, 'deleteStream', 7, null, 1)]),
  )
  if (!client.socket.destroyed) await once(client.socket.end(), 'close')
}
