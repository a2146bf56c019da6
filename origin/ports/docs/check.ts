import { PortError } from '../error.ts'
import { DOC_BATCH_MAX, DOC_PAGE_MAX, type Doc, type DocFilter } from './port.ts'

const COLLECTION = /^[a-z][a-z0-9_]{0,63}$/
const FIELD = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/
const ID = /^[a-zA-Z0-9_-]{1,64}$/
/** The last millisecond of the year 9999. */
const LAST_MS = 253_402_300_799_999

function invalid(message: string): PortError {
  return new PortError('docs', 'invalid', message)
}

/** @throws PortError `invalid` */
export function checkCollection(collection: string): void {
  if (!COLLECTION.test(collection)) throw invalid(`${JSON.stringify(collection)} is no collection's name`)
}

/** @throws PortError `invalid` for a bad id or time, or too many documents */
export function checkDocs(docs: readonly Doc[]): void {
  if (docs.length > DOC_BATCH_MAX)
    throw invalid(`${docs.length} documents in one call, ${DOC_BATCH_MAX} at most`)
  for (const doc of docs) {
    if (!ID.test(doc.id)) throw invalid(`${JSON.stringify(doc.id.slice(0, 80))} is no document's id`)
    checkTime(doc.timeMs)
  }
}

/** @throws PortError `invalid` */
export function checkTime(timeMs: number): void {
  if (!(Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= LAST_MS)) throw invalid(`${timeMs} is no time`)
}

/** @throws PortError `invalid` */
export function checkFilter(filter: DocFilter): void {
  for (const [name, value] of Object.entries(filter.equals ?? {})) {
    if (!FIELD.test(name)) throw invalid(`${JSON.stringify(name)} is no field's name`)
    const fits = typeof value === 'string' ? value.isWellFormed() && !value.includes('\u0000') : true
    if (!fits || (typeof value === 'number' && !Number.isFinite(value))) {
      throw invalid(`no field equals ${JSON.stringify(value)}`)
    }
  }
  if (filter.fromMs !== undefined) checkTime(filter.fromMs)
  if (filter.toMs !== undefined) checkTime(filter.toMs)
}

/** @throws PortError `invalid` */
export function checkPage(limit: number): void {
  if (!(Number.isInteger(limit) && limit > 0 && limit <= DOC_PAGE_MAX)) {
    throw invalid(`a page of ${limit}, 1 to ${DOC_PAGE_MAX} can be had`)
  }
}
