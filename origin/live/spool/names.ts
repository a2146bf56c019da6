import { isId } from '@streamtube/contracts/ids.ts'
import { isRenditionId } from '@streamtube/contracts/media-paths.ts'

/** Whose records a spool file holds. */
export interface SpoolAddress {
  timelineId: string
  epoch: number
  renditionId: string
}

export interface SpoolFileName extends SpoolAddress {
  /** Counts up over all files of a spool: the order in which they were begun. */
  serial: number
}

const NAME = /^([^.]+)\.(\d{1,9})\.([^.]+)\.(\d{1,15})\.spool$/

export function spoolFileName({ timelineId, epoch, renditionId, serial }: SpoolFileName): string {
  return `${timelineId}.${epoch}.${renditionId}.${serial}.spool`
}

/** Null for a file that isn't the spool's. */
export function parseSpoolFileName(name: string): SpoolFileName | null {
  const [, timelineId = '', epoch, renditionId = '', serial] = NAME.exec(name) ?? []
  if (!isId(timelineId) || !isRenditionId(renditionId)) return null
  return { timelineId, epoch: Number(epoch), renditionId, serial: Number(serial) }
}
