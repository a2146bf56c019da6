import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import type { Audit } from '../audit.ts'
import { type ApiApp, type ApiContext, requireViewer } from '../http/context.ts'
import { countOrRefuse } from '../http/counted.ts'
import { notFound } from '../http/errors.ts'
import { shareAmongGuests } from '../http/guests.ts'
import { enqueueJob, type LibraryDeps, serveObject } from '../library/index.ts'
import { revokeAssets } from '../revocations/index.ts'
import { changeClip } from './change.ts'
import { fileNameOf } from './file-name.ts'
import { findClip, listClips, requireOwnClip } from './find.ts'
import { makeClip } from './make.ts'
import { deletePictures } from './picture.ts'
import * as routes from './routes.ts'
import { toShownClip } from './shown.ts'

const TEN_MINUTES_MS = 600_000
/** Clips that a person makes, drafts too. */
const MAKING = { limit: 60, windowMs: TEN_MINUTES_MS }
/** Files that a person asks for: each costs minutes of a processor. */
const EXPORTING = { limit: 20, windowMs: TEN_MINUTES_MS }
/** The end of a clip of what is live comes within seconds: the first attempts may be too early. */
const EXPORT_ATTEMPTS = 6
const PICTURE_ATTEMPTS = 3

/** Answers the routes of clips. */
export function mountClips(app: ApiApp, deps: LibraryDeps & { audit: Audit }): void {
  const { db, kv, now } = deps

  const shown = async (id: string, personId: string | null) =>
    await toShownClip(db, await findClip(db, id, personId), personId, now())

  app.openapi(routes.createClip, async (c) => {
    const { personId } = requireViewer(c)
    await countOrRefuse(kv, `clip:person:${personId}`, MAKING)
    const key = c.req.valid('header')['idempotency-key'] ?? null
    const { clip, isNew } = await makeClip(deps, personId, { ...c.req.valid('json'), key })
    if (isNew && clip.publishedAt) await queuePicture(clip.id)
    return c.json(await shown(clip.id, personId), isNew ? 201 : 200)
  })

  app.openapi(routes.listClips, async (c) => {
    shareAmongGuests(c)
    return c.json(await listClips(db, c.req.valid('query')), 200)
  })

  app.openapi(routes.getClip, async (c) => {
    shareAmongGuests(c)
    return c.json(await shown(c.req.valid('param').id, c.get('viewer')?.personId ?? null), 200)
  })

  app.openapi(routes.changeClip, async (c) => {
    const { personId } = requireViewer(c)
    const { id } = c.req.valid('param')
    await changeClip(deps, personId, await requireOwnClip(db, id, personId), c.req.valid('json'))
    const after = await findClip(db, id, personId)
    if (after.clip.publishedAt) await queuePicture(id)
    return c.json(await toShownClip(db, after, personId, now()), 200)
  })

  app.openapi(routes.deleteClip, async (c) => {
    const { clip } = await ownClip(c, c.req.valid('param').id)
    await db.transaction(async (tx) => {
      await tx.delete(schema.clips).where(eq(schema.clips.id, clip.id))
      await revokeAssets(tx, [clip.id, clip.takeId], now())
    })
    deps.audit.note('clip.deleted', {
      personId: requireViewer(c).personId,
      clipId: clip.id,
      channelId: clip.channelId,
      requestId: c.get('requestId'),
    })
    if (clip.exportKey !== null) await deps.blobs.delete([clip.exportKey])
    await deletePictures(deps.blobs, clip.id, { but: null, beforeMs: Number.POSITIVE_INFINITY })
    return c.body(null, 204)
  })

  app.openapi(routes.exportClip, async (c) => {
    const { clip } = await ownClip(c, c.req.valid('param').id)
    const { personId } = requireViewer(c)
    if (clip.exportKey === null) {
      await countOrRefuse(kv, `clip-export:person:${personId}`, EXPORTING)
      const task = { kind: 'clip-export', clipId: clip.id } as const
      await enqueueJob(db, { task, nowMs: now(), maxAttempts: EXPORT_ATTEMPTS })
    }
    return c.json(await shown(clip.id, personId), 202)
  })

  app.openapi(routes.getClipFile, async (c) => {
    const { clip } = await ownClip(c, c.req.valid('param').id)
    if (clip.exportKey === null) throw notFound('file')
    const response = await serveObject(c, deps.blobs, clip.exportKey)
    response.headers.set('cache-control', 'private, no-cache')
    response.headers.set('content-disposition', fileNameOf(clip.title))
    return response
  })

  async function ownClip(c: ApiContext, id: string) {
    return await requireOwnClip(db, id, requireViewer(c).personId)
  }

  async function queuePicture(clipId: string): Promise<void> {
    const task = { kind: 'clip-picture', clipId } as const
    await enqueueJob(db, { task, nowMs: now(), maxAttempts: PICTURE_ATTEMPTS })
  }
}
