import { and, eq, getTableColumns, gt, lte } from 'drizzle-orm'
import type { Ctx, Portal } from '../../db/context.ts'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, commit } from '../../db/commit.ts'
import { defineList } from '../../db/list.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { newId } from '../../lib/ids.ts'
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

/** Shows a token as the API does, without its secret or hash. */
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

const insertTokens = insertInto(tokens)
const insertSecrets = insertInto(tokenSecrets)

/** The tag of a token for its ETag. It includes the day of last use, which changes without a new version. */
const tagOfToken = ({ version, lastUsedOn }: TokenRow): string => tagOf(version, ...(lastUsedOn === null ? [] : [lastUsedOn]))

/** Creates a token. Its secret is shown only once. */
export const createToken = async (ctx: Ctx, { name, role, ...input }: CreateTokenRequest): Promise<Reply<TokenWithSecret>> => {
  const expiresAt = input.expiresAt ?? null
  if (expiresAt !== null && expiresAt <= ctx.wallClock) throw new ApiError('INVALID', 'expiresAt: must be in the future')
  const secret = newSecret()
  const row: TokenRow = {
    id: newId('TOKEN', ctx.wallClock),
    organizationId: ctx.organizationId,
    name,
    hash: await hashToken(secret),
    createdAt: ctx.wallClock,
    expiresAt,
    revokedAt: null,
    role,
    version: 1,
    lastUsedOn: null,
    previousExpiresAt: null,
  }
  return commit(ctx, {
    statements: [insertTokens([row])],
    changes: [{ type: 'TOKEN', id: row.id, fields: differences(undefined, show(row)) }],
    answer: { ...show(row), token: secret },
    tag: tagOfToken(row),
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

export const getToken = async (ctx: Ctx, id: string): Promise<Reply<Token>> => {
  const row = await readToken(ctx, id)
  return { answer: show(row), tag: tagOfToken(row) }
}

const listAll = defineList({
  table: tokens,
  key: tokens.id,
  columns: getTableColumns(tokens),
  order: { id: tokens.id },
  sort: [['id', 'ASC']],
  combinations: [],
})

/** Lists the tokens of the organization in the order in which they were created, page by page. */
export const listTokens = async (ctx: Ctx, query: ListTokensQuery): Promise<Reply<TokenPaginatedResponse>> => {
  const { rows, next, context } = await listAll(ctx, query)
  return { answer: { data: rows.map(show), ...next, context } }
}

/** Drafts a change of a token that was read as `row`. */
const draftChange = <Answer extends object>(
  ctx: Ctx,
  row: TokenRow,
  changes: Partial<TokenRow>,
  answerOf: (token: Token) => Answer,
): Draft<Answer> => {
  const set = { ...changes, version: row.version + 1 }
  const next = { ...row, ...set }
  const isRow = and(eq(tokens.organizationId, ctx.organizationId), eq(tokens.id, row.id))
  return {
    statements: [builder.update(tokens).set(set).where(isRow)],
    changes: [{ type: 'TOKEN', id: row.id, fields: differences(show(row), show(next)) }],
    answer: answerOf(show(next)),
    tag: tagOfToken(next),
  }
}

/** Changes a token, and removes it from the memory of this isolate. */
const changeToken = async <Answer extends object>(
  ctx: Ctx,
  id: string,
  change: (row: TokenRow) => Draft<Answer> | { unchanged: Answer } | Promise<Draft<Answer>>,
): Promise<Reply<Answer>> => {
  const reply = await changeVersioned(ctx, { read: () => readToken(ctx, id), tagOf: tagOfToken, change })
  if (reply.committed && !ctx.write?.dryRun) forgetToken(id)
  return reply
}

/** The statements that end all secrets of a token at `until` (milliseconds) or earlier. */
const endSecrets = (ctx: Ctx, { id: tokenId, organizationId, hash }: TokenRow, until: number) => {
  const its = and(eq(tokenSecrets.organizationId, organizationId), eq(tokenSecrets.tokenId, tokenId))
  return [
    builder
      .update(tokenSecrets)
      .set({ expiresAt: until })
      .where(and(its, gt(tokenSecrets.expiresAt, until))),
    insertSecrets([{ hash, organizationId, tokenId, expiresAt: until }]),
    builder.delete(tokenSecrets).where(and(its, lte(tokenSecrets.expiresAt, ctx.wallClock))),
  ]
}

/** Gives a token a new secret, which is shown only once. Previous secrets stay valid for `gracePeriod` seconds, unless they end earlier. */
export const rotateToken = (ctx: Ctx, id: string, { gracePeriod }: RotateTokenRequest): Promise<Reply<TokenWithSecret>> =>
  changeToken(ctx, id, async (row) => {
    if (row.revokedAt !== null) throw new ApiError('CONFLICT', `The token "${id}" is revoked, and cannot be changed.`)
    if (row.expiresAt !== null && row.expiresAt <= ctx.wallClock)
      throw new ApiError('CONFLICT', `The token "${id}" has expired, and cannot be changed.`)
    const secret = newSecret()
    const until = Math.min(ctx.wallClock + gracePeriod * 1000, row.expiresAt ?? Number.POSITIVE_INFINITY)
    const changes = { hash: await hashToken(secret), previousExpiresAt: until }
    const draft = draftChange(ctx, row, changes, (token) => ({ ...token, token: secret }))
    return { ...draft, statements: [...draft.statements, ...endSecrets(ctx, row, until)] }
  })

/** Revokes a token and its JWTs. Revoking it again changes nothing. */
export const revokeToken = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeToken(ctx, id, (row) =>
    row.revokedAt === null
      ? draftChange(ctx, row, { revokedAt: ctx.wallClock }, () => ({ success: true }))
      : { unchanged: { success: true } },
  )

/** Creates a JWT for an API token. If the caller uses a JWT, returns the same JWT. */
export const authenticate = async (ctx: Ctx): Promise<Reply<TokenResponse>> => ({
  answer: { token: ctx.jwt ?? (await issueJwt(ctx, ctx.wallClock, null, ctx.secrets)) },
})

/** Creates a JWT that can read one customer and its accounts until `expiresAt` (milliseconds; null for a day). */
export const issuePortalToken = async (ctx: Ctx, portal: Portal, expiresAt: number | null): Promise<TokenResponse> => ({
  token: await issueJwt({ ...ctx, portal }, ctx.wallClock, expiresAt, ctx.secrets),
})
