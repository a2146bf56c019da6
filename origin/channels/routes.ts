import { createRoute } from '@hono/zod-openapi'
import {
  channelChangesSchema,
  channelRefSchema,
  newChannelSchema,
} from '@streamtube/contracts/api/requests.ts'
import { channelSchema, ownChannelSchema } from '@streamtube/contracts/api/resources.ts'
import { z } from 'zod'
import { jsonAnswer, jsonBody, problemAnswers, SIGNED_IN } from '../http/route.ts'

const tags = ['channels']

const channelParams = z.object({ channel: channelRefSchema })

export const getChannel = createRoute({
  method: 'get',
  path: '/channels/{channel}',
  operationId: 'getChannel',
  summary: 'A channel, by handle or id',
  tags,
  request: { params: channelParams },
  responses: { 200: jsonAnswer('The channel', channelSchema), ...problemAnswers(400, 404) },
})

export const createChannel = createRoute({
  method: 'post',
  path: '/channels',
  operationId: 'createChannel',
  summary: 'Make another channel',
  tags,
  security: SIGNED_IN,
  request: { body: jsonBody(newChannelSchema) },
  responses: { 201: jsonAnswer('The new channel', ownChannelSchema), ...problemAnswers(400, 401, 403, 409) },
})

export const changeChannel = createRoute({
  method: 'patch',
  path: '/channels/{channel}',
  operationId: 'changeChannel',
  summary: 'Change a channel and its stream settings',
  tags,
  security: SIGNED_IN,
  request: { params: channelParams, body: jsonBody(channelChangesSchema) },
  responses: { 200: jsonAnswer('The channel', ownChannelSchema), ...problemAnswers(400, 401, 403, 404) },
})

export const makeStreamKey = createRoute({
  method: 'post',
  path: '/channels/{channel}/stream-key',
  operationId: 'makeStreamKey',
  summary: 'Make a new stream key; the old one stops working',
  description:
    'The key is in this answer and nowhere else: only its hash is kept. Whoever publishes with the old key is cut off.',
  tags,
  security: SIGNED_IN,
  request: { params: channelParams },
  responses: {
    201: jsonAnswer('The key, shown this once', z.object({ key: z.string() }).meta({ id: 'StreamKey' })),
    ...problemAnswers(400, 401, 403, 404),
  },
})

export const channelRoutes = [getChannel, createChannel, changeChannel, makeStreamKey]
