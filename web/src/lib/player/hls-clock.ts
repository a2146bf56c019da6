import type { LevelDetails } from 'hls.js'
import type { LiveClock } from './following.ts'

interface Listed {
  readonly end: number
  readonly gap?: boolean | undefined
  readonly relurl?: string | undefined
}

/** What of a live playlist says where live is. */
export interface ListedMedia
  extends Pick<LevelDetails, 'live' | 'partTarget' | 'partHoldBack' | 'holdBack' | 'targetduration'> {
  readonly fragments: readonly Listed[]
  readonly partList: readonly Listed[] | null
}

interface Reading {
  /** The address of the last media listed. */
  newest: string | undefined
  mediaEndS: number
  listedAtMs: number
  holdBackS: number
  stepS: number
}

/** Reads from each new playlist where live is, and lets it run on until the next. */
export class HlsClock {
  readonly #now: () => number
  #last: Reading | null = null

  constructor(now: () => number) {
    this.#now = now
  }

  update(details: ListedMedia): void {
    const newest = newestMedia(details)
    if (!details.live || !newest) {
      this.#last = null
      return
    }
    const before = this.#last
    const { partTarget, partHoldBack, holdBack, targetduration } = details
    this.#last = {
      newest: newest.relurl,
      mediaEndS: newest.end,
      listedAtMs: before !== null && before.newest === newest.relurl ? before.listedAtMs : this.#now(),
      holdBackS: partHoldBack || holdBack || 3 * targetduration,
      stepS: partTarget || targetduration,
    }
  }

  read(): LiveClock | null {
    if (this.#last === null) return null
    const { mediaEndS, listedAtMs, holdBackS, stepS } = this.#last
    const stillMs = this.#now() - listedAtMs
    // What is overdue may not exist: a stream that stands still has its end where it was.
    return { edgeS: mediaEndS + Math.min(stillMs / 1000, 2 * stepS), holdBackS, stillMs }
  }
}

/** The end of the list, but for gaps: those are listed at the pace of real time while a stream is interrupted. */
function newestMedia({ partList, fragments }: ListedMedia): Listed | undefined {
  const part = partList?.findLast(({ gap }) => !gap)
  const fragment = fragments.findLast(({ gap }) => !gap)
  // A segment ends where its last part does.
  return part && part.end > (fragment?.end ?? 0) - 0.05 ? part : fragment
}
