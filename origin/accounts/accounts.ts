import type { SignIn, SignUp } from '@streamtube/contracts/api/requests.ts'
import type { Session } from '@streamtube/contracts/api/resources.ts'
import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { eq, sql } from 'drizzle-orm'
import type { Audit } from '../audit.ts'
import { channelsOf, checkHandle, createChannel, handleTaken } from '../channels/index.ts'
import { ApiError } from '../http/errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Kv } from '../ports/kv/port.ts'
import { createGuesses, type Guesses } from './guesses.ts'
import { deleteLinks, takeLink } from './links.ts'
import type { Passwords } from './password.ts'
import { endSession, startSession } from './sessions.ts'

const { people } = schema

export type PersonRow = typeof people.$inferSelect

export interface AccountDeps {
  db: Database
  kv: Kv
  audit: Audit
  passwords: Passwords
  metrics: Metrics
  now: () => number
}

/** Who asks: the browser's session so far, if any, and where it is. */
export interface Client {
  token: string | null
  address: string
  requestId: string
}

/** A signed-in person: `token` is the new cookie's value. */
interface SignedIn {
  token: string
  personId: string
}

/** What people do with their accounts. */
export interface Accounts {
  /** @throws ApiError 401 wrong-credentials, the same for an unknown login and a wrong password; 429 */
  signIn(given: SignIn, client: Client): Promise<SignedIn>
  /** @throws ApiError 410 link-expired, 429 */
  signInByLink(token: string, client: Client): Promise<SignedIn>
  /** @throws ApiError 400, 403 registration-closed, 409 handle-taken or email-taken, 410 link-expired, 429 */
  signUp(given: SignUp, client: Client): Promise<SignedIn>
  signOut(client: Client): Promise<void>
  /** What the pages know about whoever asks. @param personId null for a guest */
  session(personId: string | null): Promise<Session>
  /** True until the first person has an account. */
  setupNeeded(): Promise<boolean>
}

/** Any constant: names the lock under which the first account is made. */
const SETUP_LOCK = 0x5e7c9

export function createAccounts(deps: AccountDeps): Accounts {
  const { db, audit, passwords, now } = deps
  const guesses: Guesses = createGuesses(deps.kv)
  const signIns = deps.metrics.counter({
    name: 'sign_ins_total',
    help: 'Sign-ins with a password, by how they went',
    labelNames: ['result'],
  })
  let someoneIsHere = false

  async function setupNeeded(from: Database = db): Promise<boolean> {
    if (someoneIsHere) return false
    const [row] = await from.select({ id: people.id }).from(people).limit(1)
    if (row && from === db) someoneIsHere = true
    return !row
  }

  return {
    setupNeeded: () => setupNeeded(),

    async signIn({ login, password }, client) {
      const person = await findPerson(db, login)
      const account = person?.id ?? login
      await guesses.countSignIn(account, client.address)
      const right = await passwords.matches(password, person?.passwordHash ?? null)
      const about = { address: client.address, requestId: client.requestId }
      if (!person || !right) {
        signIns.inc({ result: 'refused' })
        audit.note('sign-in.refused', { ...about, personId: person?.id ?? null })
        throw new ApiError('wrong-credentials', 401, 'Handle, e-mail or password is wrong')
      }
      await guesses.forgiveSignIn(account, client.address)
      const token = await startSession(db, { personId: person.id, oldToken: client.token, nowMs: now() })
      signIns.inc({ result: 'ok' })
      audit.note('sign-in', { ...about, personId: person.id })
      return { token, personId: person.id }
    },

    async signInByLink(linkToken, client) {
      await guesses.countAddress(client.address)
      const signedIn = await db.transaction(async (tx) => {
        const personId = await takeLink(tx, { purpose: 'sign-in', token: linkToken, nowMs: now() })
        if (personId === null) throw new Error('a sign-in link without a person')
        const token = await startSession(tx, { personId, oldToken: client.token, nowMs: now() })
        return { token, personId }
      })
      await guesses.forgiveAddress(client.address)
      audit.note('sign-in.link', {
        personId: signedIn.personId,
        address: client.address,
        requestId: client.requestId,
      })
      return signedIn
    },

    async signUp(given, client) {
      checkHandle(given.handle)
      if ((await setupNeeded()) && given.setupToken === undefined) throw registrationClosed()
      await guesses.countSignUp(client.address)
      const passwordHash = await passwords.hash(given.password)
      const signedIn = await db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(${SETUP_LOCK})`)
        if (given.setupToken === undefined) {
          if (await setupNeeded(tx)) throw registrationClosed()
        } else {
          await takeLink(tx, { purpose: 'setup', token: given.setupToken, nowMs: now() })
          await deleteLinks(tx, { purpose: 'setup' })
        }
        const at = new Date(now())
        const person = await createPerson(tx, { ...given, passwordHash, at })
        await createChannel(tx, {
          id: newId(),
          ownerId: person.id,
          handle: given.handle,
          name: given.handle,
          at,
        })
        const token = await startSession(tx, {
          personId: person.id,
          oldToken: client.token,
          nowMs: now(),
        })
        return { token, personId: person.id }
      })
      audit.note('sign-up', {
        personId: signedIn.personId,
        address: client.address,
        requestId: client.requestId,
      })
      return signedIn
    },

    async signOut(client) {
      if (client.token !== null) await endSession(db, client.token, now())
    },

    async session(personId) {
      if (personId === null) return { person: null, channels: [], setupNeeded: await setupNeeded() }
      const [row] = await db.select().from(people).where(eq(people.id, personId))
      if (!row) return { person: null, channels: [], setupNeeded: await setupNeeded() }
      const { id, handle, email, createdAt } = row
      return {
        person: { id, handle, email, createdAt: createdAt.toISOString() },
        channels: await channelsOf(db, personId),
        setupNeeded: false,
      }
    },
  }
}

/** Writes a person. @throws ApiError 409 handle-taken or email-taken */
export async function createPerson(
  db: Database,
  given: { handle: string; email: string | null; passwordHash: string | null; at: Date },
): Promise<PersonRow> {
  const { handle, email, passwordHash, at } = given
  const [row] = await db
    .insert(people)
    .values({ id: newId(), handle, email, passwordHash, createdAt: at })
    .onConflictDoNothing()
    .returning()
  if (row) return row
  if (await findPerson(db, handle)) throw handleTaken()
  throw new ApiError('email-taken', 409, 'There is an account with this e-mail address', {
    errors: [{ field: 'email', message: 'is in use; sign in instead' }],
  })
}

/** A person by handle or, when it holds an @, by e-mail address. @param login lower case */
export async function findPerson(db: Database, login: string): Promise<PersonRow | null> {
  const column = login.includes('@') ? people.email : people.handle
  const [row] = await db.select().from(people).where(eq(column, login))
  return row ?? null
}

function registrationClosed(): ApiError {
  return new ApiError('registration-closed', 403, 'The first account is made by the link from the start', {
    detail: 'Open the link that StreamTube printed when it started.',
  })
}
