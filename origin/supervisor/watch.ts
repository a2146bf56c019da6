import { watch } from 'node:fs'

/** A save is often several changes. */
const SETTLE_MS = 100

export interface Watcher {
  close(): void
}

/** Follows the program files under some folders; tests and what packages bring don't count. */
export function watchSources(folders: readonly string[], onChange: () => void): Watcher {
  let timer: NodeJS.Timeout | undefined
  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true }, (_, name) => {
      if (name === null || !isSource(name)) return
      clearTimeout(timer)
      timer = setTimeout(onChange, SETTLE_MS)
    }),
  )
  return {
    close() {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

function isSource(name: string): boolean {
  return /\.[cm]?[jt]s$/.test(name) && !/\.(test|case|d)\.ts$|(^|[\\/])node_modules[\\/]/.test(name)
}
