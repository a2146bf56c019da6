import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a process of readers sends instead of an answer. */
export interface Failure {
  failure: string
}

/** A process of readers, which is asked one question at a time. */
export class Crowd<Question extends object, Answer extends object> {
  readonly #child: ChildProcess

  /** @param module whose process sends a message for each one that it gets */
  constructor(module: URL) {
    this.#child = fork(fileURLToPath(module))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** @throws when the process fails or ends, or takes longer */
  async ask(question: Question, timeoutMs = 60_000): Promise<Answer> {
    const gone = new AbortController()
    const onExit = () => gone.abort(new Error('the process of readers ended'))
    this.#child.once('exit', onExit)
    try {
      const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)])
      const answered = once(this.#child, 'message', { signal })
      this.#child.send(question)
      const [answer] = (await answered) as [Answer | Failure]
      if ('failure' in answer) throw new Error(answer.failure)
      return answer
    } finally {
      this.#child.removeListener('exit', onExit)
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}

/** The other side: answers what the parent asks, and ends with it. */
export function answerParent<Question, Answer extends object>(
  answer: (question: Question) => Promise<Answer>,
): void {
  process.on('message', (question: Question) => {
    answer(question).then(
      (answered) => process.send?.(answered),
      (error: unknown) => process.send?.({ failure: String(error) } satisfies Failure),
    )
  })
  process.on('disconnect', () => process.exit())
}
