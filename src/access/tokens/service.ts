import { and, eq, gt, lte } from 'drizzle-orm'
import type { Ctx, Portal } from '../../db/context.ts'
import type { Statement } from '../../db/client.ts'
import { commit, onLatest, precondition, shown } from '../../db/commit.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { newId } from '../../lib/ids.ts'
import { type ListRules, closePage, contextOf, openPage } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import type {
  CreateTokenRequest,
  ListTokensQuery,
  RotateTokenRequest,
  Token,
  TokenPaginatedResponse,
  TokenResponse,
  TokenWithSecret,
} from './schema.ts'
import { issueJwt } from './jwt.ts'
import { hashToken, newSecret } from './secret.ts'
import { tokenSecrets, tokens } from './table.ts'
import { forgetToken } from './verify.ts'

type TokenRow = typeof tokens.$inferSelect

/** The token as the API shows it: never its secret, nor a hash of it. */
const show = (row: TokenRow): Token => ({
  id: row.id,
  name: row.name,
  role: row.role,
  createdAt: iso(row.createdAt),
  ...(row.expiresAt !== null && { expiresAt: iso(row.expiresAt) }),
  ...(row.lastUsedOn !== null && { lastUsedOn: row.lastUsedOn }),
  ...(row.previousExpiresAt !== null && { previousExpiresAt: iso(row.previousExpiresAt) }),
  ...(row.revokedAt !== null && { revokedAt: iso(row.revokedAt) }),
})

/** The day of its last use changes without a new version. */
const tag = ({ version, lastUsedOn }: TokenRow): string => tagOf(version, ...(lastUsedOn === null ? [] : [lastUsedOn]))

/** Creates a token. Its secret is shown this once. */
export const createToken = async (ctx: Ctx, { name, role, ...input }: CreateTokenRequest): Promise<TokenWithSecret> => {
  const expiresAt = input.expiresAt ?? null
  if (expiresAt !== null && expiresAt <= ctx.now) throw new ApiError(400, 'expiresAt: must be in the future')
  const secret = newSecret()
  const row: TokenRow = {
    id: newId('token', ctx.now),
    organizationId: ctx.organizationId,
    name,
    hash: await hashToken(secret),
    createdAt: ctx.now,
    expiresAt,
    revokedAt: null,
    role,
    version: 1,
    lastUsedOn: null,
    previousExpiresAt: null,
  }
  return commit(ctx, {
    statements: [ctx.session.db.insert(tokens).values(row)],
    changes: [{ type: 'TOKEN', id: row.id, fields: differences(undefined, show(row)) }],
    answer: { ...show(row), token: secret },
    tag: tag(row),
  })
}

const readToken = async (ctx: Ctx, id: string): Promise<TokenRow> => {
  const [row] = await ctx.session.db
    .select()
    .from(tokens)
    .where(and(eq(tokens.organizationId, ctx.organizationId), eq(tokens.id, id)))
  if (!row) throw notFound('token', id)
  return row
}

export const getToken = async (ctx: Ctx, id: string): Promise<Token> => {
  const row = await readToken(ctx, id)
  return shown(ctx, tag(row), show(row))
}

const LIST: ListRules = { operationId: 'listTokens', id: 'id', sortFields: [], sort: [['id', 'ASC']], combinations: [] }

/** Every token of the organization, in the order in which they were made, a page at a time. */
export const listTokens = async (ctx: Ctx, query: ListTokensQuery): Promise<TokenPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query)
  const [after = ''] = page.after ?? []
  const rows = await ctx.session.db
    .select()
    .from(tokens)
    .where(and(eq(tokens.organizationId, ctx.organizationId), gt(tokens.id, String(after))))
    .orderBy(tokens.id)
    .limit(page.size + 1)
  const { visible, ...next } = await closePage(ctx, LIST, page, rows, ({ id }) => id)
  return { data: visible.map(show), ...next, context: contextOf(page) }
}

/** Writes what becomes of a token since `row` was read, and `more`. */
const change = async <Answer extends object>(
  ctx: Ctx,
  row: TokenRow,
  changes: Partial<TokenRow>,
  answerOf: (token: Token) => Answer,
  more: readonly Statement[] = [],
) => {
  const set = { ...changes, version: row.version + 1 }
  const next = { ...row, ...set }
  const answer = await commit(ctx, {
    statements: [ctx.session.db.update(tokens).set(set).where(eq(tokens.id, row.id)), ...more],
    changes: [{ type: 'TOKEN', id: row.id, fields: differences(show(row), show(next)) }],
    answer: answerOf(show(next)),
    tag: tag(next),
  })
  if (!ctx.write?.dryRun) forgetToken(row.id)
  return answer
}

const readForChange = async (ctx: Ctx, id: string): Promise<TokenRow> => {
  const row = await readToken(ctx, id)
  precondition(ctx, tag(row))
  return row
}

/** Gives a token another secret, which is shown this once. Those before it hold for `gracePeriod` seconds more, unless they end sooner. */
export const rotateToken = (ctx: Ctx, id: string, { gracePeriod }: RotateTokenRequest): Promise<TokenWithSecret> =>
  onLatest(async () => {
    const row = await readForChange(ctx, id)
    if (row.revokedAt !== null) throw new ApiError(409, `The token "${id}" is revoked, and cannot be changed.`)
    if (row.expiresAt !== null && row.expiresAt <= ctx.now) throw new ApiError(409, `The token "${id}" has expired, and cannot be changed.`)
    const secret = newSecret()
    const until = ctx.now + gracePeriod * 1000
    const its = eq(tokenSecrets.tokenId, id)
    return change(ctx, row, { hash: await hashToken(secret), previousExpiresAt: until }, (token) => ({ ...token, token: secret }), [
      ctx.session.db
        .update(tokenSecrets)
        .set({ expiresAt: until })
        .where(and(its, gt(tokenSecrets.expiresAt, until))),
      ctx.session.db.insert(tokenSecrets).values({ hash: row.hash, organizationId: row.organizationId, tokenId: id, expiresAt: until }),
      ctx.session.db.delete(tokenSecrets).where(and(its, lte(tokenSecrets.expiresAt, ctx.now))),
    ])
  })

/** Ends a token, with every JWT that was made with it. A second time changes nothing. */
export const revokeToken = (ctx: Ctx, id: string): Promise<{ success: true }> =>
  onLatest(async () => {
    const row = await readForChange(ctx, id)
    if (row.revokedAt !== null) return shown(ctx, tag(row), { success: true })
    return change(ctx, row, { revokedAt: ctx.now }, () => ({ success: true }))
  })

/** Gives a JWT for an API token. A JWT is given back as it is. */
export const authenticate = async (ctx: Ctx): Promise<TokenResponse> => ({
  token: ctx.jwt ?? (await issueJwt(ctx, ctx.now, null, ctx.secrets)),
})

/** Gives a JWT that reads one customer and its accounts until `expiresAt` (milliseconds; null for a day). */
export const issuePortalToken = async (ctx: Ctx, portal: Portal, expiresAt: number | null): Promise<TokenResponse> => ({
  token: await issueJwt({ ...ctx, portal }, ctx.now, expiresAt, ctx.secrets),
})
