import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const watchable = z.object({ id: z.string(), watch: z.url(), master: z.url() })

/** `DATA_DIR/demo.json`: what scripts need to play and publish. Each `master` carries a playback token. */
export const demoFileSchema = z.object({
  url: z.url(),
  rtmp: z.object({
    url: z.string(),
    key: z.string(),
    channel: z.object({ watch: z.url(), master: z.url() }),
  }),
  live: watchable,
  videos: z.array(watchable),
})
export type DemoFile = z.infer<typeof demoFileSchema>

export function demoFilePath(dataDir: string): string {
  return join(dataDir, 'demo.json')
}

/** Writes it whole: who reads it while it is written sees the one before. It holds a key: nobody else reads it. */
export async function writeDemoFile(dataDir: string, file: DemoFile): Promise<void> {
  const path = demoFilePath(dataDir)
  const temporary = `${path}.${randomUUID()}`
  await writeFile(temporary, `${JSON.stringify(demoFileSchema.parse(file), null, 2)}\n`, { mode: 0o600 })
  await rename(temporary, path)
}

/** @throws when there is none, or it isn't one */
export async function readDemoFile(dataDir: string): Promise<DemoFile> {
  return demoFileSchema.parse(JSON.parse(await readFile(demoFilePath(dataDir), 'utf8')))
}
