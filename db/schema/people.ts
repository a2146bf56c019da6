import { index, pgTable, text } from 'drizzle-orm/pg-core'
import { idColumn, moment } from './columns.ts'

export const people = pgTable('people', {
  id: idColumn(),
  /** Lower case. */
  handle: text('handle').notNull().unique(),
  /** Lower case. */
  email: text('email').unique(),
  /** Argon2id in PHC form; null for whoever signs in by links only. */
  passwordHash: text('password_hash'),
  createdAt: moment('created_at').notNull(),
})

export const sessions = pgTable(
  'sessions',
  {
    id: idColumn(),
    personId: text('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    /** Hex SHA-256 of the cookie's value, which is kept nowhere. */
    tokenHash: text('token_hash').notNull().unique(),
    createdAt: moment('created_at').notNull(),
    lastSeenAt: moment('last_seen_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [
    index('sessions_person').on(table.personId),
    index('sessions_expiry').on(table.expiresAt),
    index('sessions_idle').on(table.lastSeenAt),
  ],
)

/** Links that work once: the first account's set-up, the demo's sign-in. */
export const oneTimeLinks = pgTable('one_time_links', {
  /** Hex SHA-256 of the token in the link. */
  tokenHash: text('token_hash').primaryKey(),
  purpose: text('purpose', { enum: ['setup', 'sign-in'] }).notNull(),
  personId: text('person_id').references(() => people.id, { onDelete: 'cascade' }),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
  usedAt: moment('used_at'),
})
