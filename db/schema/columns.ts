import { customType, text, timestamp } from 'drizzle-orm/pg-core'

/** A moment, to the millisecond, as a Date. */
export function moment(name: string) {
  return timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })
}

/** Primary key: a lower-case ULID made by the program. */
export function idColumn() {
  return text('id').primaryKey()
}

/** A transaction id that never wraps; text, since it is only compared inside the database. */
export const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' })
