import { describeViolation, type Linter } from './hls-linter/linter.ts'

/** Something that hands playlists to a linter while a test runs: a browser's pages, a client of a live stream. */
export interface LintSource {
  /** In a complaint's words: who saw it. */
  name: string
  linter: Linter
  /** What else was wrong, in words: an answer that a client with good manners must not get. */
  problems: readonly string[]
  /** Resolves when all that was received has been looked at. */
  settle(): Promise<void>
}

interface Held {
  source: LintSource
  reported: number
  reportedProblems: number
}

/**
 * All linters of a test file. `lint-setup.ts` looks into it after each test: whoever registers has every violation fail
 * the test in which it was seen.
 */
class LintRegistry {
  readonly #held: Held[] = []

  register(source: LintSource): void {
    this.#held.push({ source, reported: 0, reportedProblems: 0 })
  }

  /** Complaints that were not told yet. */
  async take(): Promise<string[]> {
    await Promise.all(this.#held.map(({ source }) => source.settle()))
    return this.#held.flatMap((held) => {
      const { name, linter, problems } = held.source
      const violations = linter.violations.slice(held.reported).map(describeViolation)
      const others = problems.slice(held.reportedProblems)
      held.reported += violations.length
      held.reportedProblems += others.length
      return [...violations, ...others].map((text) => `${name}: ${text}`)
    })
  }

  /** How many playlists all linters have seen. */
  get seen(): { multivariant: number; media: number; deltas: number; parts: number } {
    const sum = { multivariant: 0, media: 0, deltas: 0, parts: 0 }
    for (const { source } of this.#held) {
      const { multivariant, media, deltas, parts } = source.linter.seen
      sum.multivariant += multivariant
      sum.media += media
      sum.deltas += deltas
      sum.parts += parts
    }
    return sum
  }
}

export const lintRegistry = new LintRegistry()
