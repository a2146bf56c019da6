import { idSchema } from '@streamtube/contracts/ids.ts'
import { z } from 'zod'
import { defineEvent } from '../ports/events/event.ts'

const payload = z.object({ broadcastId: idSchema, channelId: idSchema })

/** A broadcast went live: its video has a page. */
export const streamStarted = defineEvent({
  topic: 'stream.events',
  type: 'stream.started',
  version: 1,
  payload,
})

/** A broadcast is over: its video plays from the start, if it was kept. */
export const streamEnded = defineEvent({ topic: 'stream.events', type: 'stream.ended', version: 1, payload })
