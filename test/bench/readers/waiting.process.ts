import { HttpConnection } from '../../support/http-connection.ts'
import { answerParent } from './crowd.ts'

export type WaitingQuestion = { open: number; port: number } | { path: string }

export interface WaitingAnswer {
  /** Of each reader's answer after the first one's, in the order in which they came. */
  spreadMs: number[]
  /** What they got. */
  text: string
}

/** Many readers that ask for the same at once, each on a connection of its own. */
const readers: HttpConnection[] = []
let onBroken: (error: Error) => void = () => {}

answerParent<WaitingQuestion, WaitingAnswer>((question) =>
  'open' in question ? open(question.open, question.port) : waitFor(question.path),
)

async function open(count: number, port: number): Promise<WaitingAnswer> {
  for (let i = 0; i < count; i++) readers.push(new HttpConnection(port, (error) => onBroken(error)))
  return { spreadMs: [], text: '' }
}

function waitFor(path: string): Promise<WaitingAnswer> {
  return new Promise((resolve, reject) => {
    onBroken = reject
    let firstAtMs = 0
    let text = ''
    const spreadMs: number[] = []
    for (const [index, reader] of readers.entries()) {
      reader.get(path, index === 0, ({ status, atMs, body }) => {
        if (status !== 200) return reject(new Error(`a reader was answered ${status}`))
        if (spreadMs.length === 0) firstAtMs = atMs
        if (body) text = body.toString()
        spreadMs.push(atMs - firstAtMs)
        if (spreadMs.length === readers.length) resolve({ spreadMs, text })
      })
    }
  })
}
