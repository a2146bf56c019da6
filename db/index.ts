export { connect } from './connect.ts'
export { type Database, DatabaseError, type OpenDatabase, type Transaction } from './database.ts'
export * as schema from './schema/index.ts'
