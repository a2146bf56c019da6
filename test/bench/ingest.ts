import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cpuSeconds } from '../support/process-usage.ts'
import { makeSource } from '../support/publisher.ts'
import { handshakeEnd, handshakeStart } from '../support/rtmp-client.ts'
import { type ReadySource, readSource, Sender } from '../support/rtmp-sender.ts'
import { RtmpSink } from '../support/rtmp-sink.ts'
import type { Bench } from './report.ts'

const SENDERS = 10
const SECONDS = 15
const IDLE = 1_000
const GIGABYTE = 1e9

/** What the RTMP server alone costs: processor time per gigabyte received, memory per idle connection. */
export const bench: Bench = async (say) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamtube-bench-'))
  const { sink, port } = await RtmpSink.start()
  try {
    say('measuring idle connections')
    const idleBytes = await measureIdle(sink, port)
    say('encoding the source')
    const source = await readSource(
      await makeSource(folder, { seconds: 10, width: 1280, height: 720, videoBitrateBps: 2_500_000 }),
    )
    say(`sending for ${SECONDS} s`)
    const cpuPerGigabyte = await measureBytes(source, port, sink.pid)
    return {
      name: 'ingest',
      setting: `the RTMP server alone: ${SENDERS} publishers of 720p30 as fast as they can in chunks of 4096 bytes, ${SECONDS} s; ${IDLE} idle connections after their handshake`,
      rows: [
        { subject: 'StreamTube', figure: cpuPerGigabyte, unit: 'CPU-seconds per GB' },
        { subject: 'StreamTube', figure: idleBytes / 1000, unit: 'KB per idle connection' },
      ],
      targets: [
        { name: 'cpu-per-gb', figure: cpuPerGigabyte, unit: 'CPU-seconds', op: '<=', bound: 1.4 },
        { name: 'idle-connection', figure: idleBytes / 1000, unit: 'KB', op: '<=', bound: 60 },
      ],
    }
  } finally {
    await sink.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureBytes(source: ReadySource, port: number, pid: number): Promise<number> {
  const senders = Array.from({ length: SENDERS }, (_, index) => new Sender(port, `key-${index}`, source))
  for (const sender of senders) {
    const pump = () => {
      while (sender.sendNext());
    }
    sender.socket.on('drain', pump)
    sender.socket.once('connect', pump)
  }
  await wait(3_000)
  const sent = () => senders.reduce((sum, { socket }) => sum + socket.bytesWritten - socket.writableLength, 0)
  const before = { cpu: cpuSeconds(pid), bytes: sent() }
  await wait(SECONDS * 1000)
  const used = cpuSeconds(pid) - before.cpu
  const received = sent() - before.bytes
  for (const { socket } of senders) socket.destroy()
  return used / (received / GIGABYTE)
}

async function measureIdle(sink: RtmpSink, port: number): Promise<number> {
  // Warm: what the first connections load isn't theirs.
  await Promise.all((await open(port, 50)).map(close))
  const before = await settled(sink)
  const sockets = await open(port, IDLE)
  const after = await settled(sink)
  await Promise.all(sockets.map(close))
  return (after - before) / IDLE
}

/** Connections that have shaken hands and say no more. */
async function open(port: number, count: number): Promise<Socket[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1')
      socket.write(Buffer.concat([handshakeStart(), handshakeEnd()]))
      for (let received = 0; received < 1 + 2 * 1536; ) {
        const [bytes] = (await once(socket, 'data')) as [Buffer]
        received += bytes.length
      }
      return socket
    }),
  )
}

async function close(socket: Socket): Promise<void> {
  socket.destroy()
  await once(socket, 'close')
}

async function settled(sink: RtmpSink): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await sink.ask('gc')
    await wait(300)
  }
  return (await sink.ask('gc')).residentBytes
}
