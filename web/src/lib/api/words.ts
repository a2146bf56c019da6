import { t } from '#lib/i18n/t.ts'
import { ApiError, type FailureCode } from './client.ts'

const words: Partial<Record<FailureCode, () => string>> = {
  unreachable: () => t('problem.unreachable'),
  unavailable: () => t('problem.unavailable'),
  unauthenticated: () => t('problem.unauthenticated'),
  forbidden: () => t('problem.forbidden'),
  csrf: () => t('problem.csrf'),
  'not-found': () => t('problem.not-found'),
  'handle-taken': () => t('problem.handle-taken'),
  'email-taken': () => t('problem.email-taken'),
  'wrong-credentials': () => t('problem.wrong-credentials'),
  'too-many-attempts': () => t('problem.too-many-attempts'),
  'link-expired': () => t('problem.link-expired'),
  'registration-closed': () => t('problem.registration-closed'),
  'still-live': () => t('problem.still-live'),
  'not-live': () => t('problem.not-live'),
}

/** What went wrong, and what to do, for the person who pressed. Anything unknown is "something went wrong". */
export function problemWords(error: unknown): string {
  if (!(error instanceof ApiError)) return t('problem.internal')
  return words[error.code]?.() ?? error.problem?.detail ?? t('problem.internal')
}
