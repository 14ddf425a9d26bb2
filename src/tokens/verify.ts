import { type SQL, and, eq, isNull, ne, or } from 'drizzle-orm'
import type { Caller } from '../context.ts'
import type { Database, Session } from '../db/client.ts'
import { iso } from '../lib/time.ts'
import { organizations } from '../organizations/table.ts'
import { readJwt } from './jwt.ts'
import { hashToken, markOf } from './secret.ts'
import { tokens } from './table.ts'

/** A revoked token is refused within 30 s everywhere: 10 of them are for a copy of the database that lags behind. */
const REMEMBERED_FOR = 20_000
const MOST_REMEMBERED = 1000

/** Callers that were verified, in this isolate: by the hash of a secret, or the token and the mark of its secret that a JWT names. */
const remembered = new Map<string, { caller: Caller; until: number }>()

/** Forgets whoever was verified by a token that holds no longer. */
export const forgetToken = (id: string): void => {
  for (const [key, { caller }] of remembered) if (caller.actor === id) remembered.delete(key)
}

interface Found {
  token: typeof tokens.$inferSelect
  baseCurrency: string
}

const read = async ({ db }: Session, where: SQL | undefined): Promise<Found | undefined> => {
  const [found] = await db
    .select({ token: tokens, baseCurrency: organizations.baseCurrency })
    .from(tokens)
    .innerJoin(organizations, eq(organizations.id, tokens.organizationId))
    .where(where)
  return found
}

/** Whom the token speaks for by the secret that `isIts` knows by its hash, if that holds. */
const callerOf = ({ token, baseCurrency }: Found, isIts: (hash: string) => boolean, now: number): Caller | undefined => {
  const { id, organizationId, role, hash, previousHash, previousExpiresAt, revokedAt } = token
  if (revokedAt !== null) return undefined
  const isPrevious = previousHash !== null && isIts(previousHash)
  if (!isPrevious && !isIts(hash)) return undefined
  const end = Math.min(token.expiresAt ?? Number.POSITIVE_INFINITY, isPrevious ? (previousExpiresAt ?? 0) : Number.POSITIVE_INFINITY)
  if (end <= now) return undefined
  const mark = markOf(isPrevious ? previousHash : hash)
  return { organizationId, baseCurrency, actor: id, role, expiresAt: Number.isFinite(end) ? end : null, mark }
}

interface Presented {
  database: Database
  secret: string
  now: number
  secrets: readonly string[]
  /** Takes work that the answer need not wait for. */
  later: (work: Promise<unknown>) => void
}

/** Keeps the day on which a token was last used. A day that cannot be kept is kept with the next request. */
const markUsed = ({ database, now, later }: Presented, { id, lastUsedOn }: Found['token']): void => {
  const today = iso(now).slice(0, 10)
  if (lastUsedOn === today) return
  const update = database
    .primary()
    .db.update(tokens)
    .set({ lastUsedOn: today })
    .where(and(eq(tokens.id, id), or(isNull(tokens.lastUsedOn), ne(tokens.lastUsedOn, today))))
  later(update.run().catch(() => {}))
}

/** Whom a token speaks for: looked up nearby, or at the primary, where the newest are. */
const lookUp = async (presented: Presented, key: string, where: SQL | undefined, isIts: (hash: string) => boolean) => {
  const { database, now } = presented
  const known = remembered.get(key)
  if (known && now < known.until) return known.caller
  remembered.delete(key)
  for (const open of [database.nearest, database.primary]) {
    const found = await read(open(), where)
    const caller = found && callerOf(found, isIts, now)
    if (!caller) continue
    const [oldest] = remembered.keys()
    if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
    remembered.set(key, { caller, until: Math.min(now + REMEMBERED_FOR, caller.expiresAt ?? Number.POSITIVE_INFINITY) })
    markUsed(presented, found.token)
    return caller
  }
  return undefined
}

/** Whom a bearer token speaks for, or undefined when it is unknown, expired or revoked. A JWT holds as long as the secret that it was made with. */
export const verifyToken = async (presented: Presented): Promise<Caller | undefined> => {
  const { secret, secrets, now } = presented
  const jwt = await readJwt(secret, secrets, now)
  if (!jwt) {
    const hash = await hashToken(secret)
    return lookUp(presented, hash, or(eq(tokens.hash, hash), eq(tokens.previousHash, hash)), (its) => its === hash)
  }
  const { tokenId, organizationId, mark, portal } = jwt
  const its = and(eq(tokens.organizationId, organizationId), eq(tokens.id, tokenId))
  const caller = await lookUp(presented, `${tokenId} ${mark}`, its, (hash) => markOf(hash) === mark)
  if (!caller) return undefined
  const expiresAt = Math.min(jwt.expiresAt, caller.expiresAt ?? Number.POSITIVE_INFINITY)
  return { ...caller, expiresAt, jwt: secret, ...(portal && { portal }) }
}
