import { createRoute } from '@hono/zod-openapi'
import { banSchema, channelRefSchema } from '@streamtube/contracts/api/requests.ts'
import { z } from 'zod'
import { jsonBody, problemAnswers, SIGNED_IN } from '../http/route.ts'

const tags = ['operator']
const params = z.object({ channel: channelRefSchema })

export const banChannel = createRoute({
  method: 'put',
  path: '/channels/{channel}/ban',
  operationId: 'banChannel',
  summary: 'Ban a channel: it is cut off, and nothing of it plays',
  description:
    'For the operator, the person with the first account of the site. Its stream ends and none begins, its viewers are ' +
    'cut off within 2 s, its videos and clips stay but do not play until the ban is lifted.',
  tags,
  security: SIGNED_IN,
  request: { params, body: jsonBody(banSchema) },
  responses: { 204: { description: 'Banned' }, ...problemAnswers(400, 401, 403, 404) },
})

export const liftBan = createRoute({
  method: 'delete',
  path: '/channels/{channel}/ban',
  operationId: 'liftBan',
  summary: 'Lift the ban of a channel',
  tags,
  security: SIGNED_IN,
  request: { params },
  responses: { 204: { description: 'Not banned' }, ...problemAnswers(400, 401, 403, 404) },
})

export const moderationRoutes = [banChannel, liftBan]
