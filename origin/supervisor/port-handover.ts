const ANSWER_DEADLINE_MS = 3000

/** What the bootstrap's page shows of the start. */
export function reportProgress(detail: string): void {
  if (process.connected) process.send?.({ type: 'progress', detail })
}

/**
 * Asks the bootstrap, which holds the site's port with its page, to let it go. Done at once where nobody holds it
 * (`origin/main.ts all` was started by itself).
 */
export function releasePort(): Promise<void> {
  if (!process.connected) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      process.off('message', onMessage)
      resolve()
    }
    const onMessage = (message: unknown) => {
      if (typeof message === 'object' && message && 'type' in message && message.type === 'port-released')
        done()
    }
    const timer = setTimeout(done, ANSWER_DEADLINE_MS)
    process.on('message', onMessage)
    process.send?.({ type: 'release-port' })
  })
}
