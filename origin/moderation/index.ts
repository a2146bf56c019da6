export { mountModeration } from './http.ts'
