import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import type { EncoderRow } from '../media/encoders.ts'
import { runFfmpeg } from '../media/ffmpeg.ts'
import { FlvReader } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import type { Rung } from '../media/ladder.ts'
import { liveInputArguments, rungOutputArguments } from '../media/ladder-arguments.ts'
import type { SourceEvent } from '../media/types.ts'
import type { LadderFeed } from './ladder-feed.ts'

export interface LadderRun {
  rungs: readonly Rung[]
  row: EncoderRow
  feed: LadderFeed
  /** Its abort ends ffmpeg. */
  signal: AbortSignal
  onEvent(rungId: string, event: SourceEvent): void
  onStart(pid: number): void
  log: Logger
}

/** What ffmpeg wrote before it ended is read for so long. */
const LAST_FRAMES_MS = 500
/** The streams themselves come first. */
const NICENESS = 5

/**
 * One life of a ladder's ffmpeg: FLV on its stdin, an FLV per rung back on a unix socket each. Resolves, once nothing
 * more will come of it, with why it ended; never throws. Ends the feed.
 */
export async function runLadder(run: LadderRun): Promise<unknown> {
  const { rungs, row, feed, log } = run
  const broken = new AbortController()
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  let folder: string | null = null
  try {
    folder = await mkdtemp(join(tmpdir(), 'streamtube-ladder-'))
    const targets: string[] = []
    for (const rung of rungs) {
      const path = join(folder, `${rung.id}.sock`)
      servers.push(await listen(run, rung.id, path, sockets, broken))
      targets.push(`unix:${path}`)
    }
    const options = rungOutputArguments(rungs, row)
    await runFfmpeg({
      inputs: [{ source: feed, options: liveInputArguments(row) }],
      outputs: targets.map((target, index) => ({ target, options: options[index] ?? [] })),
      niceness: NICENESS,
      signal: AbortSignal.any([broken.signal, run.signal]),
      onStart: ({ pid }) => run.onStart(pid),
    })
    return new Error('it ended by itself')
  } catch (error) {
    return broken.signal.aborted ? broken.signal.reason : error
  } finally {
    feed.destroy()
    await drained(sockets)
    for (const server of servers) server.close()
    if (folder) await remove(folder, log)
  }
}

async function listen(
  run: LadderRun,
  rungId: string,
  path: string,
  sockets: Set<Socket>,
  broken: AbortController,
): Promise<Server> {
  const server = createServer((socket) => {
    sockets.add(socket)
    const reader = new FlvReader((tag) => {
      const event = sourceEventOf(tag, Date.now())
      if (event) run.onEvent(rungId, event)
    })
    socket.on('data', (bytes) => {
      try {
        reader.push(bytes)
      } catch (error) {
        broken.abort(error)
      }
    })
    socket.on('error', (error) => broken.abort(error))
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return server
}

/** What ffmpeg wrote before it ended is still read: a socket closes after its last byte. */
async function drained(sockets: Set<Socket>): Promise<void> {
  const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  const deadline = new AbortController()
  const timeout = wait(LAST_FRAMES_MS, undefined, { signal: deadline.signal }).catch(() => {})
  await Promise.race([Promise.all(closed), timeout])
  deadline.abort()
  for (const socket of sockets) socket.destroy()
}

async function remove(folder: string, log: Logger): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true })
  } catch (error) {
    log.warn({ err: error, folder }, 'A folder of sockets stays behind')
  }
}
