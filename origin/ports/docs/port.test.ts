import { connect } from '@streamtube/db/index.ts'
import { describe, expect, it } from 'vitest'
import { openJsonbDocs } from './jsonb.ts'
import { docsCases } from './port.case.ts'

docsCases('in the database', async () => {
  const { db, close } = await connect('pglite:memory')
  const docs = openJsonbDocs(db)
  return {
    docs,
    another: async () => openJsonbDocs(db),
    close: async () => {
      await docs.close()
      await close()
    },
  }
})

describe('documents in the database', () => {
  it('keep a caller waiting no longer than its deadline, and fail with a code when the database does', async () => {
    const { db, close } = await connect('pglite:memory')
    const docs = openJsonbDocs(db)
    await db.transaction(async () => {
      // One connection: nobody else gets a turn before this transaction ends.
      await expect(docs.find('log', {}, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'timeout' })
    })
    expect(await docs.find('log', {})).toEqual({ items: [], next: null })
    await close()
    await expect(docs.find('log', {})).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  })
})
