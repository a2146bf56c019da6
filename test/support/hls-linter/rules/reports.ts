import type { RenditionReport } from '../media-playlist.ts'
import { compare, endOf, nameOf } from '../position.ts'
import { type Look, withoutQuery } from '../state.ts'
import type { Complain } from '../violation.ts'

/** Rendition reports (4.4.5.4): all others, and true. */
export function reportRules(look: Look, complain: Complain): void {
  const { raw, url, presentation } = look
  for (const report of raw.reports) {
    const of = withoutQuery(report.uri)
    if (of === url) complain('report-self', 'its own address', report.line)
    else if (!look.stale) stale(look, report, complain)
  }
  if (raw.partTargetSeconds !== null && !raw.ended) {
    const reported = new Set(raw.reports.map((report) => withoutQuery(report.uri)))
    const missing = [...presentation.listed].filter((other) => other !== url && !reported.has(other))
    if (missing.length > 0) complain('report-missing', `nothing of ${missing.join(', ')}`)
  }
  ahead(look, complain)
}

/** The rendition had shown more, long enough before. */
function stale({ presentation, atMs, slackMs }: Look, report: RenditionReport, complain: Complain): void {
  const other = presentation.playlists.get(withoutQuery(report.uri))
  const shown = other?.sightings.findLast((sighting) => sighting.atMs <= atMs - slackMs)
  if (!shown) return
  const said = { sequence: report.sequence, part: report.part ?? 0 }
  if (compare(said, shown.end) >= 0) return
  complain('report-stale', `${nameOf(shown.end)} was seen ${atMs - shown.atMs} ms before`, report.line)
}

/** Others had said, long enough before, that this one is further. */
function ahead({ presentation, url, full, atMs, slackMs, stale }: Look, complain: Complain): void {
  const said = presentation.reported.get(url)
  if (!said || stale || atMs - said.atMs < slackMs || compare(endOf(full), said.end) >= 0) return
  complain(
    'report-ahead',
    `${nameOf(said.end)} was reported ${atMs - said.atMs} ms before, ${nameOf(endOf(full))} is the last`,
  )
}
