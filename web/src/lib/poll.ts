interface PollOptions {
  everyMs: number
  /** While nobody looks at the tab. */
  hiddenEveryMs: number
}

const LONGEST_BACKOFF_MS = 15_000

/**
 * Calls `work` again and again, one call at a time: the next begins `everyMs` after the last one's end, later after
 * failures and while the tab is hidden, at once when it is shown again.
 * @param work an error in it counts as a failure; it reports its own
 * @returns stops it
 */
export function poll(work: () => Promise<void>, { everyMs, hiddenEveryMs }: PollOptions): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let running = false
  const abort = new AbortController()

  async function run() {
    if (running || abort.signal.aborted) return
    running = true
    clearTimeout(timer)
    try {
      await work()
      failures = 0
    } catch {
      failures++
    } finally {
      running = false
    }
    if (abort.signal.aborted) return
    const pause = document.hidden ? hiddenEveryMs : everyMs
    timer = setTimeout(
      run,
      Math.max(pause, failures > 0 ? Math.min(LONGEST_BACKOFF_MS, pause * 2 ** failures) : 0),
    )
  }

  document.addEventListener('visibilitychange', () => !document.hidden && void run(), {
    signal: abort.signal,
  })
  timer = setTimeout(run, everyMs)
  return () => {
    abort.abort()
    clearTimeout(timer)
  }
}
