import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { FlvReader } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import { inspectAccessUnit } from '../media/h264/nal.ts'
import type { SourceEvent } from '../media/types.ts'
import { findFont } from './font.ts'
import { type Publisher, startPublisher } from './publisher.ts'
import { renderScene } from './render.ts'
import { tinyScene } from './tiny-scene.case.ts'

describe('the publisher of the demo', () => {
  let folder: string
  let film: string
  let server: Server
  let publisher: Publisher | null = null
  let onConnection: (socket: Socket) => void = () => {}
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'publisher-'))
    film = (await renderScene(tinyScene, { folder, fontFile: null, signal: new AbortController().signal }))
      .path
    server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      onConnection(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    await publisher?.close()
    publisher = null
  })
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })

  const start = async () => {
    publisher = startPublisher({
      film,
      frameRate: tinyScene.frameRate,
      height: tinyScene.height,
      fontFile: await findFont(),
      place: "Somewhere's end",
      target: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
      log: createLogger({ process: 'test', level: 'silent' }),
    })
    return publisher
  }

  it('sends H.264 with a key frame every two seconds and AAC, at the pace of real time, past the end of the film', async () => {
    const events: SourceEvent[] = []
    const startedMs = performance.now()
    await new Promise<void>((resolve, reject) => {
      onConnection = (socket) => {
        const reader = new FlvReader((tag) => {
          const event = sourceEventOf(tag, 0)
          if (event) events.push(event)
          if (tag.type === 9 && tag.timestampMs >= 4500) resolve()
        })
        socket.on('data', (bytes) => reader.push(bytes))
      }
      start().catch(reject)
    })
    expect(performance.now() - startedMs).toBeGreaterThan(3500)
    const tracks = events.flatMap((event) => (event.type === 'track' ? event.track : []))
    expect(tracks.map((track) => track.codec).toSorted()).toEqual(['aac', 'h264'])
    const video = events.flatMap((event) => (event.type === 'sample' && event.kind === 'video' ? event : []))
    const keys = video.filter((sample) => inspectAccessUnit(sample.data, 4).key)
    const firstMs = keys[0]?.dtsMs ?? 0
    expect(keys.map((sample) => sample.dtsMs - firstMs)).toEqual([0, 2000, 4000])
    const steps = video.slice(1).map((sample, index) => sample.dtsMs - (video[index]?.dtsMs ?? 0))
    expect(new Set(steps)).toEqual(new Set([40]))
  })

  it('begins anew when it is cut off, and ends when it is closed', async () => {
    let connections = 0
    let cut: Socket | null = null
    const again = new Promise<void>((resolve) => {
      onConnection = (socket) => {
        cut = socket
        if (++connections === 1) socket.once('data', () => socket.destroy())
        else socket.once('data', () => resolve())
      }
    })
    const running = await start()
    await again
    const ended = new Promise((resolve) => cut?.once('close', resolve))
    cut = cut as Socket | null
    await running.close()
    await ended
    expect(connections).toBe(2)
  })
})
