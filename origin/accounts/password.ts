import { hash, verify } from '@node-rs/argon2'

/** RFC 9106 with the parameters of DESIGN.md: 19 MiB, two passes, one lane. The library's default is Argon2id. */
const PARAMETERS = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 }

/** Hashes under way or waiting for a thread: each is worth about 20 ms of one core. */
const MAX_PENDING = 64

/** Thrown instead of queueing without end. */
export class PasswordQueueFullError extends Error {
  constructor() {
    super('too many passwords are being checked at once')
    this.name = 'PasswordQueueFullError'
  }
}

export interface Passwords {
  /** PHC string. @throws PasswordQueueFullError */
  hash(password: string): Promise<string>
  /**
   * True when the password belongs to the hash. Without a hash (nobody has this login) it takes the same time and is
   * false. @throws PasswordQueueFullError
   */
  matches(password: string, phc: string | null): Promise<boolean>
}

/** Makes the password checker of this process. */
export async function createPasswords(): Promise<Passwords> {
  let pending = 0
  const bounded = async <T>(run: () => Promise<T>): Promise<T> => {
    if (pending >= MAX_PENDING) throw new PasswordQueueFullError()
    pending++
    try {
      return await run()
    } finally {
      pending--
    }
  }
  const decoy = await hash('nobody has this password', PARAMETERS)
  return {
    hash: (password) => bounded(() => hash(password, PARAMETERS)),
    matches: (password, phc) => bounded(async () => (await verify(phc ?? decoy, password)) && phc !== null),
  }
}
