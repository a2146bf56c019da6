export { type RevocationRow, readRevocations } from './feed.ts'
export { deleteOldRevocations, revoke, revokeAssets } from './revoke.ts'
