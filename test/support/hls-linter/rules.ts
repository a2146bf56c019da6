import type { Multivariant } from './multivariant.ts'
import { deltaRules } from './rules/delta.ts'
import { durationRules } from './rules/durations.ts'
import { headerRules } from './rules/header.ts'
import { hintRules } from './rules/hints.ts'
import { historyRules } from './rules/history.ts'
import { mapRules } from './rules/maps.ts'
import { groupRules } from './rules/multivariant.ts'
import { partHistoryRules } from './rules/part-history.ts'
import { reportRules } from './rules/reports.ts'
import { timeRules } from './rules/times.ts'
import type { Look, Presentation } from './state.ts'
import type { Complain } from './violation.ts'

/** A family of rules on media playlists. */
export type MediaRule = (look: Look, complain: Complain) => void

/** A family of rules on multivariant playlists. */
export type MultivariantRule = (
  look: { multivariant: Multivariant; presentation: Presentation },
  complain: Complain,
) => void

export const mediaRules: readonly MediaRule[] = [
  headerRules,
  durationRules,
  historyRules,
  partHistoryRules,
  deltaRules,
  hintRules,
  reportRules,
  timeRules,
  mapRules,
]

export const multivariantRules: readonly MultivariantRule[] = [groupRules]
