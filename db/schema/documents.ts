import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { moment } from './columns.ts'

/** The docs port's embedded home: append-mostly documents of every collection. */
export const documents = pgTable(
  'documents',
  {
    collection: text('collection').notNull(),
    id: text('id').notNull(),
    at: moment('at').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.collection, table.id] }),
    index('documents_time').on(table.collection, table.at, table.id),
  ],
)
