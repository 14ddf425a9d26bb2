import { and, eq, isNull, ne, or, sql } from 'drizzle-orm'
import type { Caller, PresentedToken } from '../../db/context.ts'
import type { Session } from '../../db/client.ts'
import { outboxCursors } from '../../db/table.ts'
import { iso } from '../../lib/time.ts'
import { organizations } from '../organizations/table.ts'
import { readJwt } from './jwt.ts'
import { MARK, hashToken, isMistyped, markOf } from './secret.ts'
import { tokenSecrets, tokens } from './table.ts'

/** How long a verified token is remembered, in milliseconds. A revoked token must be refused everywhere within 30 s. */
const REMEMBERED_FOR = 20_000
const MOST_REMEMBERED = 1000

/**
 * Callers that were verified, in this isolate: by a secret, or by the token and the mark of its secret that a JWT names.
 * The caller is undefined if a copy of the database accepted what the primary refused. Then only the primary is asked.
 */
const remembered = new Map<string, { caller: Caller | undefined; until: number }>()

/** Forgets the callers that were verified with a token. */
export const forgetToken = (id: string): void => {
  for (const [key, { caller }] of remembered) if (caller?.actor === id) remembered.delete(key)
}

interface FoundToken {
  token: typeof tokens.$inferSelect
  baseCurrency: string
  clockAt: number | null
  hasWebhooks: number
  /** The end of the presented secret, if it is a previous secret of the token. */
  secretExpiresAt: number | null
}

/** Names a token by its id, or by the hash of a current or previous secret. */
type TokenName = { id: string; organizationId: string; mark: string } | { hash: string }

const read = async ({ db }: Session, named: TokenName): Promise<FoundToken | undefined> => {
  const isSecret = 'hash' in named ? sql`its.hash = ${named.hash}` : sql`substr(its.hash, 1, ${MARK}) = ${named.mark}`
  const [found] = await db
    .select({
      token: tokens,
      baseCurrency: organizations.baseCurrency,
      clockAt: organizations.clockAt,
      hasWebhooks: sql<number>`exists (select 1 from ${outboxCursors} where organization_id = ${organizations.id})`.as('has_webhooks'),
      secretExpiresAt: sql<
        number | null
      >`(select max(its.expires_at) from ${tokenSecrets} as its where its.token_id = ${tokens.id} and ${isSecret})`.as('secret_expires_at'),
    })
    .from(tokens)
    .innerJoin(organizations, eq(organizations.id, tokens.organizationId))
    .where(
      'hash' in named
        ? sql`${tokens.id} in (
            select id from ${tokens} where hash = ${named.hash} union all select token_id from ${tokenSecrets} where hash = ${named.hash}
          )`
        : and(eq(tokens.organizationId, named.organizationId), eq(tokens.id, named.id)),
    )
  return found
}

/** The caller of a token, if the presented secret is valid. */
const callerOf = (
  { token, baseCurrency, clockAt, hasWebhooks, secretExpiresAt }: FoundToken,
  named: TokenName,
  now: number,
): Caller | undefined => {
  const { id, organizationId, role, hash, revokedAt } = token
  const isOwn = 'hash' in named ? hash === named.hash : markOf(hash) === named.mark
  const end = Math.min(token.expiresAt ?? Number.POSITIVE_INFINITY, isOwn ? Number.POSITIVE_INFINITY : (secretExpiresAt ?? 0))
  if (revokedAt !== null || end <= now) return undefined
  const mark = 'hash' in named ? markOf(named.hash) : named.mark
  const expiresAt = Number.isFinite(end) ? end : null
  return { organizationId, baseCurrency, clockAt, hasWebhooks: hasWebhooks === 1, actor: id, role, expiresAt, mark }
}

/** Stores the day on which a token was last used. If that fails, the next request does it. */
const markUsed = ({ database, now, later }: PresentedToken, { id, lastUsedOn }: FoundToken['token']): void => {
  const today = iso(now).slice(0, 10)
  if (lastUsedOn === today) return
  const update = database
    .primary()
    .db.update(tokens)
    .set({ lastUsedOn: today })
    .where(and(eq(tokens.id, id), or(isNull(tokens.lastUsedOn), ne(tokens.lastUsedOn, today))))
  later(update.run().catch(() => {}))
}

const remember = (key: string, caller: Caller | undefined, now: number): void => {
  const [oldest] = remembered.keys()
  if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
  remembered.set(key, { caller, until: Math.min(now + REMEMBERED_FOR, caller?.expiresAt ?? Number.POSITIVE_INFINITY) })
}

/** The remembered caller of a key, if it has not expired. */
const recall = (key: string, now: number) => {
  const known = remembered.get(key)
  if (!known || now < known.until) return known
  remembered.delete(key)
  return undefined
}

/**
 * Looks up the caller of a token in the nearest copy of the database, or else in the primary, which has the newest tokens. If a copy accepts a
 * token, the primary is asked too, after the answer, so that a copy that lags behind keeps no revoked token alive. Where test clocks are moved,
 * only the primary is asked, and nothing is remembered.
 */
const lookUp = async (presented: PresentedToken, key: string, name: () => Promise<TokenName | undefined>): Promise<Caller | undefined> => {
  const { database, now, later, isAskedAnew } = presented
  const known = isAskedAnew ? undefined : recall(key, now)
  if (known?.caller) return known.caller
  const named = await name()
  if (!named) return undefined
  const ask = async (session: Session): Promise<Caller | undefined> => {
    const found = await read(session, named)
    const caller = found && callerOf(found, named, now)
    if (!caller) return undefined
    if (!isAskedAnew) remember(key, caller, now)
    markUsed(presented, found.token)
    return caller
  }
  if (known || isAskedAnew) return ask(database.primary())
  const { copies } = database.usage
  const caller = await ask(database.nearest())
  if (!caller) return ask(database.primary())
  const confirm = async (): Promise<void> => {
    if (!(await ask(database.primary()))) remember(key, undefined, now)
  }
  if (database.usage.copies > copies) later(confirm().catch(() => {}))
  return caller
}

const verifyAny = async (presented: PresentedToken): Promise<Caller | undefined> => {
  const { secret, secrets, now } = presented
  const jwt = await readJwt(secret, secrets, now)
  if (!jwt) return lookUp(presented, secret, async () => (isMistyped(secret) ? undefined : { hash: await hashToken(secret) }))
  const { tokenId, organizationId, mark, portal } = jwt
  const caller = await lookUp(presented, `${tokenId} ${mark}`, () => Promise.resolve({ id: tokenId, organizationId, mark }))
  if (!caller) return undefined
  const expiresAt = Math.min(jwt.expiresAt, caller.expiresAt ?? Number.POSITIVE_INFINITY)
  return { ...caller, expiresAt, jwt: secret, ...(portal && { portal }) }
}

/**
 * Verifies a bearer token. Returns its caller, at once if it was verified a moment ago. Undefined if it is unknown, expired or revoked.
 * A JWT is valid as long as the secret with which it was created.
 */
export const verifyToken = (presented: PresentedToken): Caller | Promise<Caller | undefined> =>
  (presented.isAskedAnew ? undefined : recall(presented.secret, presented.now)?.caller) ?? verifyAny(presented)
