import { createRoute } from '@hono/zod-openapi'
import {
  clipChangesSchema,
  clipListSchema,
  clipSchema,
  newClipSchema,
  shownClipSchema,
} from '@streamtube/contracts/api/clips.ts'
import { pageOf } from '@streamtube/contracts/api/resources.ts'
import { idSchema } from '@streamtube/contracts/ids.ts'
import { z } from 'zod'
import { jsonAnswer, jsonBody, problemAnswers, SIGNED_IN } from '../http/route.ts'

const params = z.object({ id: idSchema })
const tags = ['clips']
/** The same key again answers what the first request made. */
const idempotent = z.object({ 'idempotency-key': z.string().min(1).max(100).optional() })

export const createClip = createRoute({
  method: 'post',
  path: '/clips',
  operationId: 'createClip',
  summary: 'Make a clip of a live or finished video',
  description:
    'Give `lastMs` (the last so many milliseconds before `at`, or before now) or the positions `startMs` and `endMs`: ' +
    '5 to 90 s, up to 10 min of a video of one’s own channel. A draft is seen by its maker only and goes after an hour ' +
    'unless it is published.',
  tags,
  security: SIGNED_IN,
  request: { headers: idempotent, body: jsonBody(newClipSchema) },
  responses: {
    200: jsonAnswer('The clip that an earlier request with this Idempotency-Key made', shownClipSchema),
    201: jsonAnswer('The clip', shownClipSchema),
    ...problemAnswers(400, 401, 403, 404, 409, 429),
  },
})

export const listClips = createRoute({
  method: 'get',
  path: '/clips',
  operationId: 'listClips',
  summary: 'Clips of a channel, of a video or of all, newest first',
  tags,
  request: { query: clipListSchema },
  responses: {
    200: jsonAnswer('A page of clips', pageOf(clipSchema).meta({ id: 'ClipPage' })),
    ...problemAnswers(400, 404),
  },
})

export const getClip = createRoute({
  method: 'get',
  path: '/clips/{id}',
  operationId: 'getClip',
  summary: 'A clip',
  tags,
  request: { params },
  responses: { 200: jsonAnswer('The clip', shownClipSchema), ...problemAnswers(400, 404) },
})

export const changeClip = createRoute({
  method: 'patch',
  path: '/clips/{id}',
  operationId: 'changeClip',
  summary: 'Change title or range, publish a draft',
  description:
    'For its maker and the owner of its channel. The range stays within what was taken for the clip.',
  tags,
  security: SIGNED_IN,
  request: { params, body: jsonBody(clipChangesSchema) },
  responses: { 200: jsonAnswer('The clip', shownClipSchema), ...problemAnswers(400, 401, 403, 404) },
})

export const deleteClip = createRoute({
  method: 'delete',
  path: '/clips/{id}',
  operationId: 'deleteClip',
  summary: 'Delete a clip',
  tags,
  security: SIGNED_IN,
  request: { params },
  responses: { 204: { description: 'Gone' }, ...problemAnswers(400, 401, 403, 404) },
})

export const exportClip = createRoute({
  method: 'post',
  path: '/clips/{id}/export',
  operationId: 'exportClip',
  summary: 'Have an MP4 made of a clip, exact to the frame',
  description: 'For its maker and the owner of its channel. `desk.export` of the clip says how it goes.',
  tags,
  security: SIGNED_IN,
  request: { params },
  responses: { 202: jsonAnswer('The clip', shownClipSchema), ...problemAnswers(400, 401, 403, 404, 429) },
})

export const getClipFile = createRoute({
  method: 'get',
  path: '/clips/{id}/file',
  operationId: 'getClipFile',
  summary: 'The MP4 of a clip; answers Range',
  tags,
  security: SIGNED_IN,
  request: { params },
  responses: {
    200: { description: 'The file', content: { 'video/mp4': { schema: z.any() } } },
    ...problemAnswers(400, 401, 403, 404),
  },
})

export const clipRoutes = [createClip, listClips, getClip, changeClip, deleteClip, exportClip, getClipFile]
