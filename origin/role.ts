import type { Config } from './config.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

/** What every role is given. It reads nothing else from the environment. */
export interface RoleContext {
  config: Config
  log: Logger
  metrics: Metrics
}

/** A role that has started. Its owner is `main.ts`. */
export interface RunningRole {
  /** Can it do its work now? Asked by `/readyz`. */
  ready(): boolean | Promise<boolean>
  /** Drains: takes no new work, finishes or hands back what it has, then closes what it opened. */
  close(): Promise<void>
  /** Longest time that `close` may take; 8 s unless told. */
  drainDeadlineMs?: number
  /** Resolves when the role can't go on: it is drained, and the process ends with exit code 1. */
  broken?: Promise<void>
}

/** Starts a role. An error here ends the process with its message. */
export type StartRole = (context: RoleContext) => Promise<RunningRole>
