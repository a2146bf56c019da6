export { type RevocationRow, readRevocations } from './feed.ts'
export { deleteOldRevocations, revoke } from './revoke.ts'
