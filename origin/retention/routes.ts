import { createRoute } from '@hono/zod-openapi'
import { channelRefSchema, removalsSeenSchema } from '@streamtube/contracts/api/requests.ts'
import { removalSchema } from '@streamtube/contracts/api/resources.ts'
import { idSchema } from '@streamtube/contracts/ids.ts'
import { z } from 'zod'
import { jsonAnswer, jsonBody, problemAnswers, SIGNED_IN } from '../http/route.ts'

const channelParams = z.object({ channel: channelRefSchema })

export const deleteVideo = createRoute({
  method: 'delete',
  path: '/videos/{id}',
  operationId: 'deleteVideo',
  summary: 'Delete a video of mine for good',
  description:
    'Nobody finds or plays it any more; whoever watches it is stopped within 2 seconds. Clips of it stay. A stream ' +
    'that is still on answers 409.',
  tags: ['videos'],
  security: SIGNED_IN,
  request: { params: z.object({ id: idSchema }) },
  responses: { 204: { description: 'Deleted' }, ...problemAnswers(400, 401, 403, 404, 409) },
})

export const listRemovals = createRoute({
  method: 'get',
  path: '/channels/{channel}/removals',
  operationId: 'listRemovals',
  summary: 'Replays of mine that the site deleted, and why, until the notice is put away',
  tags: ['videos'],
  security: SIGNED_IN,
  request: { params: channelParams },
  responses: {
    200: jsonAnswer(
      'The newest 50, newest first',
      z.object({ items: z.array(removalSchema) }).meta({ id: 'RemovalList' }),
    ),
    ...problemAnswers(400, 401, 403, 404),
  },
})

export const markRemovalsSeen = createRoute({
  method: 'post',
  path: '/channels/{channel}/removals/seen',
  operationId: 'markRemovalsSeen',
  summary: 'Put the notice about deleted replays away',
  tags: ['videos'],
  security: SIGNED_IN,
  request: { params: channelParams, body: jsonBody(removalsSeenSchema) },
  responses: { 204: { description: 'Put away' }, ...problemAnswers(400, 401, 403, 404) },
})

export const retentionRoutes = [deleteVideo, listRemovals, markRemovalsSeen]
