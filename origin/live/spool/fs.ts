import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises'

/** A file as the spool uses it. */
export interface SpoolHandle {
  writev(buffers: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }>
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  truncate(length: number): Promise<void>
  datasync(): Promise<void>
  close(): Promise<void>
}

/** What the spool asks of the file system. */
export interface SpoolFs {
  mkdir(folder: string): Promise<void>
  readdir(folder: string): Promise<string[]>
  sizeOf(path: string): Promise<number>
  /** `wx`: a new file, `r`: one that is there. */
  open(path: string, flags: 'wx' | 'r'): Promise<SpoolHandle>
  unlink(path: string): Promise<void>
  /** Makes the names in a folder safe from a loss of power. */
  syncFolder(folder: string): Promise<void>
}

/** The machine's own. */
export const nodeFs: SpoolFs = {
  async mkdir(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  },
  readdir: (folder) => readdir(folder),
  sizeOf: async (path) => (await stat(path)).size,
  open: (path, flags) => open(path, flags, 0o600),
  unlink,
  async syncFolder(folder) {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}

/** The system's code of an error ("ENOSPC"), or null. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
