import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { SetupService } from '@streamtube/contracts/gen/streamtube/v1/setup_pb'
import { type Accounts, createLink } from '../accounts/index.ts'
import { importVideo, type LibraryDeps, type Work } from '../library/index.ts'
import { prepareDemo } from './demo.ts'

/** What the supervisor asks at start. */
export function setupService(
  deps: LibraryDeps & { accounts: Accounts; work: Work; demo: boolean; secret: string },
): ServiceImpl<typeof SetupService> {
  const { db, now } = deps
  return {
    async createSetupLink() {
      if (!(await deps.accounts.setupNeeded())) return { needed: false, token: '' }
      const token = await createLink(db, { purpose: 'setup', personId: null, nowMs: now() })
      return { needed: true, token }
    },

    async prepareDemo() {
      if (!deps.demo) throw new ConnectError('the demo is off (DEMO=1 turns it on)', Code.FailedPrecondition)
      const nowMs = now()
      return await db.transaction(async (tx) => {
        const { personId, show, stage } = await prepareDemo(tx, { secret: deps.secret, nowMs })
        const linkToken = await createLink(tx, { purpose: 'sign-in', personId, nowMs })
        return { linkToken, show, stage }
      })
    },

    async importVideo({ channelId, title, description, blobKey, importKey }) {
      const answer = await importVideo(deps, { channelId, title, description, blobKey, importKey })
      deps.work.wake()
      return answer
    },
  }
}
