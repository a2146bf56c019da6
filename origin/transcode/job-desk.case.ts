import { create } from '@bufbuild/protobuf'
import { createClient, createRouterTransport } from '@connectrpc/connect'
import {
  type AppendTimelineRequest,
  type ClaimRequest,
  type FinishRequest,
  type HeartbeatRequest,
  type Job,
  JobSchema,
  JobService,
  type SetClipExportRequest,
  type SetClipPictureRequest,
  type SetStoryboardRequest,
} from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import type { JobApi } from './deps.ts'

/** An api for workers' tests: hands out the jobs it was given and remembers what it was told, over the real protocol. */
export class JobDesk {
  readonly api: JobApi
  readonly claims: ClaimRequest[] = []
  readonly heartbeats: HeartbeatRequest[] = []
  readonly finished: FinishRequest[] = []
  readonly timelines: AppendTimelineRequest[] = []
  readonly thumbnails: string[] = []
  readonly storyboards: SetStoryboardRequest[] = []
  readonly clipPictures: SetClipPictureRequest[] = []
  readonly clipExports: SetClipExportRequest[] = []
  leaseMs = 1000
  /** The answer to the next heartbeats. */
  cancelled = false
  /** Thrown at the next calls of a method. */
  failing: { method: 'claim' | 'heartbeat' | 'finish' | 'appendTimeline'; error: Error } | null = null
  readonly #jobs: Job[] = []
  readonly #watchers: (() => void)[] = []

  constructor() {
    const transport = createRouterTransport(({ service }) =>
      service(JobService, {
        claim: async (request, { signal }) => {
          this.#note(this.claims, request, 'claim')
          const deadline = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, request.waitMs))])
          while (this.#jobs.length === 0 && !deadline.aborted) {
            await new Promise<void>((resolve) => {
              this.#watchers.push(resolve)
              deadline.addEventListener('abort', () => resolve(), { once: true })
            })
          }
          const job = deadline.aborted ? undefined : this.#jobs.shift()
          return job ? { job, leaseMs: this.leaseMs } : {}
        },
        heartbeat: (request) => {
          this.#note(this.heartbeats, request, 'heartbeat')
          return { cancelled: this.cancelled }
        },
        finish: (request) => {
          this.#note(this.finished, request, 'finish')
          return {}
        },
        setThumbnail: ({ blobKey }) => {
          this.#note(this.thumbnails, blobKey, null)
          return {}
        },
        setStoryboard: (request) => {
          this.#note(this.storyboards, request, null)
          return {}
        },
        setClipPicture: (request) => {
          this.#note(this.clipPictures, request, null)
          return {}
        },
        setClipExport: (request) => {
          this.#note(this.clipExports, request, null)
          return { outdated: false }
        },
        appendTimeline: (request) => {
          this.#note(this.timelines, request, 'appendTimeline')
          return {}
        },
      }),
    )
    this.api = createClient(JobService, transport)
  }

  offer(id: string, task: Job['task']): void {
    this.#jobs.push(create(JobSchema, { id, attempt: 1, task }))
    this.#ring()
  }

  /** Resolves when what was told fulfils the condition. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#watchers.push(resolve))
  }

  #note<T>(list: T[], one: T, method: string | null): void {
    list.push(one)
    this.#ring()
    if (this.failing?.method === method) throw this.failing.error
  }

  #ring(): void {
    for (const watcher of this.#watchers.splice(0)) watcher()
  }
}
