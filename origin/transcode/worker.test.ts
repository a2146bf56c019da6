import { Code, ConnectError } from '@connectrpc/connect'
import type { Job } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import type { Run } from './deps.ts'
import { JobDesk } from './job-desk.case.ts'
import { JobError } from './job-error.ts'
import { createTranscodeMetrics } from './metrics.ts'
import { Worker } from './worker.ts'

const thumbnail: Job['task'] = {
  case: 'thumbnail',
  value: { $typeName: 'streamtube.v1.ThumbnailTask', videoId: 'v', timelineId: 'v', liveUrl: 'http://x' },
}

/** Runs until its signal is aborted, as a task does that is told to stop. */
function untilStopped({ signal }: Run): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

describe('a worker', () => {
  let desk: JobDesk
  let worker: Worker | null
  beforeEach(() => {
    desk = new JobDesk()
    worker = null
  })
  afterEach(() => worker?.close())

  const metrics = createMetrics('worker')
  const counted = createTranscodeMetrics(metrics)
  const start = (run: (job: Job, run: Run) => Promise<void>) => {
    worker = new Worker({
      api: desk.api,
      workerId: 'w',
      run,
      log: createLogger({ process: 'test', level: 'silent' }),
      metrics: counted,
      retryMs: 1,
    })
    return worker
  }

  it('does the jobs there are, one after the other, and tells their end', async () => {
    const done: string[] = []
    let atOnce = 0
    start(async (job) => {
      expect(++atOnce).toBe(1)
      await new Promise(setImmediate)
      atOnce--
      done.push(job.id)
    })
    for (const id of ['a', 'b', 'c']) desk.offer(id, thumbnail)
    await desk.until(() => desk.finished.length === 3)
    expect(done).toEqual(['a', 'b', 'c'])
    expect(desk.finished[0]).toMatchObject({ jobId: 'a', workerId: 'w', error: '' })
    expect(await metrics.text()).toContain('streamtube_transcode_jobs_total{kind="thumbnail",outcome="done"')
  })

  it('is ready as soon as the api answers, before there is a job', async () => {
    const idle = start(async () => {})
    expect(idle.isReady).toBe(false)
    await desk.until(() => desk.claims.length === 2)
    expect(idle.isReady).toBe(true)
    expect(desk.claims.map((claim) => claim.waitMs)).toEqual([0, 20_000])
  })

  it.each([
    ['a JobError', new JobError('unsupported', 'no H.264'), { error: 'no H.264', retryable: false }],
    [
      'one that may pass',
      new JobError('not-live', 'gone', { retryable: true }),
      { error: 'gone', retryable: true },
    ],
    ['anything else', new Error('disk?'), { error: 'disk?', retryable: true }],
  ])('says why a job failed: %s', async (_, error, told) => {
    start(() => Promise.reject(error))
    desk.offer('a', thumbnail)
    await desk.until(() => desk.finished.length === 1)
    expect(desk.finished[0]).toMatchObject(told)
  })

  it('renews its lease with the progress while it works', async () => {
    desk.leaseMs = 80
    let end = () => {}
    start(async (_, { progress }) => {
      progress(0.5)
      await new Promise<void>((resolve) => {
        end = resolve
      })
    })
    desk.offer('a', thumbnail)
    await desk.until(() => desk.heartbeats.length === 3)
    expect(desk.heartbeats[0]).toMatchObject({ jobId: 'a', workerId: 'w', progress: 0.5 })
    end()
    await desk.until(() => desk.finished.length === 1)
  })

  it('stops a job that was taken away, and says nothing of its end', async () => {
    desk.leaseMs = 80
    let stopped: unknown
    start(async (job, run) => {
      if (job.id === 'b') return
      await untilStopped(run).catch((error: unknown) => {
        stopped = error
        throw error
      })
    })
    desk.cancelled = true
    desk.offer('a', thumbnail)
    desk.offer('b', thumbnail)
    await desk.until(() => desk.finished.length === 1)
    expect(stopped).toMatchObject({ code: 'cancelled' })
    expect(desk.finished[0]).toMatchObject({ jobId: 'b' })
  })

  it.each([
    ['says that it is gone', new ConnectError('gone', Code.NotFound)],
    ['is not heard for the time of the lease', new ConnectError('away', Code.Unavailable)],
  ])('stops a job when the api %s', async (_, error) => {
    desk.leaseMs = 80
    desk.failing = { method: 'heartbeat', error }
    let stopped = false
    start((_, run) =>
      untilStopped(run).catch((reason: unknown) => {
        stopped = true
        throw reason
      }),
    )
    desk.offer('a', thumbnail)
    await desk.until(() => desk.claims.length === 3 || (stopped && desk.claims.length > 1))
    expect(stopped).toBe(true)
    expect(desk.finished).toEqual([])
  })

  it('hands its job back when it is closed, and takes no more', async () => {
    let begun = () => {}
    const running = new Promise<void>((resolve) => {
      begun = resolve
    })
    const closing = start(async (_, run) => {
      begun()
      await untilStopped(run)
    })
    desk.offer('a', thumbnail)
    await running
    desk.offer('b', thumbnail)
    await closing.close()
    expect(desk.finished).toHaveLength(1)
    expect(desk.finished[0]).toMatchObject({ jobId: 'a', error: 'the worker was stopped', retryable: true })
  })

  it('tells a job done that was done when it was closed', async () => {
    let begun = () => {}
    const running = new Promise<void>((resolve) => {
      begun = resolve
    })
    const closing = start(async (_, { signal }) => {
      begun()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    desk.offer('a', thumbnail)
    await running
    await closing.close()
    expect(desk.finished[0]).toMatchObject({ jobId: 'a', error: '' })
  })

  it('goes on when the api was away', async () => {
    desk.failing = { method: 'claim', error: new ConnectError('away', Code.Unavailable) }
    const waiting = start(async () => {})
    await desk.until(() => desk.claims.length === 3)
    expect(waiting.isReady).toBe(false)
    desk.failing = null
    desk.offer('a', thumbnail)
    await desk.until(() => desk.finished.length === 1)
    expect(waiting.isReady).toBe(true)
  })

  it('goes on when the end of a job could not be told', async () => {
    desk.failing = { method: 'finish', error: new ConnectError('away', Code.Unavailable) }
    start(async () => {})
    desk.offer('a', thumbnail)
    desk.offer('b', thumbnail)
    await desk.until(() => desk.finished.length === 2)
  })
})
