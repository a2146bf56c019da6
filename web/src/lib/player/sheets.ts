import type { Storyboard } from '@streamtube/contracts/api/resources.ts'

/** Which picture of a storyboard stands for a moment: a sheet's address and the place on it, from the upper left. */
export interface SheetPicture {
  url: string
  column: number
  row: number
}

/**
 * The picture for a moment; null where none was made yet.
 * @param master address of the master playlist, which holds the viewer's token
 * @param programMs the moment, milliseconds since the Unix epoch
 */
export function pictureAt(storyboard: Storyboard, master: string, programMs: number): SheetPicture | null {
  const { timelineId, columns, rows, intervalMs, untilMs } = storyboard
  const sheetMs = columns * rows * intervalMs
  const sheet = Math.floor(programMs / sheetMs)
  if (programMs < 0 || (sheet + 1) * sheetMs > untilMs) return null
  const index = Math.floor((programMs - sheet * sheetMs) / intervalMs)
  const minute = Math.floor((sheet * sheetMs) / 60_000)
  const folder = master.slice(0, master.lastIndexOf('/') + 1)
  return {
    url: `${folder}../../m/${timelineId}/storyboard/${minute}.jpg`,
    column: index % columns,
    row: Math.floor(index / columns),
  }
}
