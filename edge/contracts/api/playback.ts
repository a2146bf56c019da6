import { createRoute, z } from '@hono/zod-openapi'
import { playbackKinds } from '../claims.ts'
import { idSchema } from '../ids.ts'
import { PROBLEM_CONTENT_TYPE, problemSchema } from './problem.ts'
import { playbackSchema } from './resources.ts'

/** Where the public API begins; the paths of route definitions are relative to it. */
export const API_PREFIX = '/api/v1'

export const playbackParamsSchema = z.object({ kind: z.enum(playbackKinds), id: idSchema })

function problemResponse(description: string) {
  return { description, content: { [PROBLEM_CONTENT_TYPE]: { schema: problemSchema } } }
}

/**
 * `POST /api/v1/playback/{kind}/{id}`: asks for leave to play a video. Answered at the edge, which asks the api role
 * and signs the token; declared here so that the api role's OpenAPI document lists it too.
 */
export const playbackRoute = createRoute({
  method: 'post',
  path: '/playback/{kind}/{id}',
  operationId: 'createPlayback',
  tags: ['playback'],
  summary: 'Start playing a video',
  description:
    'Answers the address of the master playlist. The address holds a token for this viewer and this video, good ' +
    'until `expiresAt`; anybody who has it can play with it, so pages neither log nor link it.',
  request: { params: playbackParamsSchema },
  responses: {
    200: { description: 'Leave to play', content: { 'application/json': { schema: playbackSchema } } },
    400: problemResponse('`kind` or `id` is not well formed'),
    403: problemResponse(
      'This viewer may not play this video (`detail` says why), or the request comes from another site',
    ),
    404: problemResponse('There is no such video'),
    503: problemResponse('The site cannot decide right now; try again'),
  },
})
