export { type RevocationRow, readRevocations } from './feed.ts'
export { deleteOldRevocations, type RevocationSubject, revoke } from './revoke.ts'
