import { setTimeout as wait } from 'node:timers/promises'
import { Deliveries } from '../../support/deliveries.ts'
import { percentile } from '../../support/distribution.ts'
import { clockMs } from '../../support/stamps.ts'
import { answerParent } from './crowd.ts'
import { type Audience, Follower } from './follower.ts'
import { type PolledFiles, Poller } from './poller.ts'

export type ViewersQuestion =
  /** Viewers of a live stream; `folders` have its playlists under several tokens, to be used in turn. */
  | { begin: 'live'; port: number; folders: string[]; renditions: string[] }
  /** Viewers of files, each rendition polled at this period. */
  | { begin: 'files'; port: number; renditions: PolledFiles[]; periodMs: number }
  /** So many viewers from now on. */
  | { viewers: number }
  /** Measures over a span of time. */
  | { spanMs: number }

export interface ViewersAnswer {
  /** Of the parts' lateness; a part that did not come is infinitely late (null on the wire). */
  p50Ms: number | null
  p95Ms: number | null
  parts: number
  failures: number
  /** The last of them. */
  complaint: string
  /** Share of a core that the viewers' process used. */
  cpu: number
}

interface Kind {
  /** One viewer: what closes it. */
  add(index: number): () => void
  measure(spanMs: number, viewers: number): Promise<readonly number[]>
}

/** What was sent this shortly before the end of a span may still be on its way. */
const ON_ITS_WAY_MS = 500
const JOIN_EVERY_MS = 2

const viewers: (() => void)[] = []
const none: Omit<ViewersAnswer, 'cpu'> = { p50Ms: null, p95Ms: null, parts: 0, failures: 0, complaint: '' }
let kind: Kind
let failures = 0
let complaint = ''

function fail(what: string): void {
  failures++
  complaint = what
}

answerParent<ViewersQuestion, ViewersAnswer>(async (question) => {
  if ('begin' in question) {
    for (const close of viewers.splice(0)) close()
    kind = question.begin === 'live' ? live(question) : files(question)
    return { ...none, cpu: 0 }
  }
  if ('viewers' in question) {
    for (const close of viewers.splice(question.viewers)) close()
    while (viewers.length < question.viewers) {
      viewers.push(kind.add(viewers.length))
      await wait(JOIN_EVERY_MS)
    }
    return { ...none, cpu: 0 }
  }
  failures = 0
  const before = { usage: process.cpuUsage(), atMs: clockMs() }
  const values = await kind.measure(question.spanMs, viewers.length)
  const { user, system } = process.cpuUsage(before.usage)
  const cpu = (user + system) / 1000 / (clockMs() - before.atMs)
  const [p50Ms, p95Ms] = [percentile(values, 0.5), percentile(values, 0.95)]
  return { p50Ms, p95Ms, parts: values.length, failures, complaint, cpu }
})

function live({ port, folders, renditions }: Extract<ViewersQuestion, { begin: 'live' }>): Kind {
  const deliveries = new Deliveries()
  const audience: Audience = { port, deliveries, positions: new Map(), fail }
  return {
    add(index) {
      const folder = folders[index % folders.length] ?? ''
      const followers = renditions.map((id) => new Follower(audience, folder, id))
      return () => {
        for (const follower of followers) follower.close()
      }
    },
    async measure(spanMs, count) {
      deliveries.clear()
      const fromMs = clockMs()
      await wait(spanMs + ON_ITS_WAY_MS)
      return deliveries.lateness(fromMs, fromMs + spanMs, count)
    },
  }
}

/** All viewers of a rendition ask at the same moment, as those do who are told of a part; the renditions in turn. */
function files({ port, renditions, periodMs }: Extract<ViewersQuestion, { begin: 'files' }>): Kind {
  let values: number[] = []
  const pollers = renditions.map(() => new Set<Poller>())
  for (const [index, group] of pollers.entries()) {
    setTimeout(
      () => {
        setInterval(() => {
          for (const poller of group) poller.poll()
        }, periodMs)
      },
      (index * periodMs) / renditions.length,
    )
  }
  return {
    add() {
      const own = renditions.map((each) => new Poller(port, each, (lateMs) => values.push(lateMs), fail))
      for (const [index, poller] of own.entries()) pollers[index]?.add(poller)
      return () => {
        for (const [index, poller] of own.entries()) {
          pollers[index]?.delete(poller)
          poller.close()
        }
      }
    },
    async measure(spanMs) {
      values = []
      await wait(spanMs)
      return values
    },
  }
}
