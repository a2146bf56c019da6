import { createRoute } from '@hono/zod-openapi'
import { channelRefSchema, videoChangesSchema, videoListSchema } from '@streamtube/contracts/api/requests.ts'
import { liveStatusSchema, pageOf, videoSchema } from '@streamtube/contracts/api/resources.ts'
import { idSchema } from '@streamtube/contracts/ids.ts'
import { z } from 'zod'
import { jsonAnswer, jsonBody, problemAnswers, SIGNED_IN } from '../http/route.ts'

const videoParams = z.object({ id: idSchema })
const channelParams = z.object({ channel: channelRefSchema })

export const listVideos = createRoute({
  method: 'get',
  path: '/videos',
  operationId: 'listVideos',
  summary: 'Videos and live streams, newest first',
  tags: ['videos'],
  request: { query: videoListSchema },
  responses: {
    200: jsonAnswer('A page of videos', pageOf(videoSchema).meta({ id: 'VideoPage' })),
    ...problemAnswers(400, 404),
  },
})

export const getVideo = createRoute({
  method: 'get',
  path: '/videos/{id}',
  operationId: 'getVideo',
  summary: 'A video or live stream',
  tags: ['videos'],
  request: { params: videoParams },
  responses: { 200: jsonAnswer('The video', videoSchema), ...problemAnswers(400, 404) },
})

export const changeVideo = createRoute({
  method: 'patch',
  path: '/videos/{id}',
  operationId: 'changeVideo',
  summary: 'Change title or description',
  tags: ['videos'],
  security: SIGNED_IN,
  request: { params: videoParams, body: jsonBody(videoChangesSchema) },
  responses: { 200: jsonAnswer('The video', videoSchema), ...problemAnswers(400, 401, 403, 404) },
})

export const getLiveStatus = createRoute({
  method: 'get',
  path: '/channels/{channel}/live',
  operationId: 'getLiveStatus',
  summary: 'How the live stream of a channel of mine is doing',
  tags: ['live'],
  security: SIGNED_IN,
  request: { params: channelParams },
  responses: { 200: jsonAnswer('The live status', liveStatusSchema), ...problemAnswers(400, 401, 403, 404) },
})

export const endLive = createRoute({
  method: 'post',
  path: '/channels/{channel}/live/end',
  operationId: 'endLive',
  summary: 'End the live stream; its encoder is cut off within 2 seconds',
  tags: ['live'],
  security: SIGNED_IN,
  request: { params: channelParams },
  responses: { 204: { description: 'Ending' }, ...problemAnswers(400, 401, 403, 404, 409) },
})

export const libraryRoutes = [listVideos, getVideo, changeVideo, getLiveStatus, endLive]
