import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { SinkState } from './rtmp-sink.process.ts'

export type { SinkState }

/** Our RTMP server in a process of its own, to be measured and attacked. */
export class RtmpSink {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(timeoutMs = 120_000): Promise<{ sink: RtmpSink; port: number }> {
    const child = fork(fileURLToPath(new URL('./rtmp-sink.process.ts', import.meta.url)), {
      execArgv: ['--expose-gc'],
      env: { ...process.env, SINK_TIMEOUT_MS: String(timeoutMs) },
    })
    const [{ port }] = (await once(child, 'message')) as [SinkState]
    return { sink: new RtmpSink(child), port }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async ask(question: 'state' | 'gc' = 'state'): Promise<SinkState> {
    this.#child.send(question)
    const [state] = (await once(this.#child, 'message', { signal: AbortSignal.timeout(10_000) })) as [
      SinkState,
    ]
    return state
  }

  async close(): Promise<void> {
    if (!this.isAlive) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}
