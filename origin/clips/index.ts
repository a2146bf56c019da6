export { rangesHeldByClips } from './held.ts'
