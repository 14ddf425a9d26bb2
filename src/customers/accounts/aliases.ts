import { and, eq, gt, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { commit, onLatest, shown } from '../../db/commit.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { type ListRules, closePage, openPage } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import { endAliases, insertAliases, isAccount } from './queries.ts'
import { type AliasRange, rangesOf, roomSince, turnsAt, written } from './ranges.ts'
import type {
  Account,
  AccountAliasesPaginatedResponse,
  AddAccountAliasesRequest,
  ListAccountAliasesQuery,
  RemoveAccountAliasesRequest,
} from './schema.ts'
import { locateInAccount } from './create.ts'
import { accountChange, changeAccount, namesAt, nextRow, readLiveAccountWithRanges, showAccount } from './service.ts'
import { accountAliases, accounts } from './table.ts'

/** Gives aliases to an account. */
export const addAliases = (ctx: Ctx, id: string, input: AddAccountAliasesRequest): Promise<Account> =>
  onLatest(async () => {
    const { row, held, ranges: had } = await readLiveAccountWithRanges(ctx, id)
    const ranges = rangesOf(input)
    if (!ranges.length) return shown(ctx, tagOf(row.version, turnsAt(had, ctx.now)), showAccount(row, held))
    const since = roomSince(had, ranges.filter(({ open }) => open).length, ctx.now)
    const next = nextRow(ctx, row)
    return commit(ctx, {
      statements: [changeAccount(ctx, next), insertAliases(ctx, row.togaiAccountId, ranges, since)],
      changes: [accountChange(row, next, { accountAliases: [[], written(ranges)] })],
      answer: showAccount(next, { ...held, aliases: [...held.aliases, ...namesAt(ranges, ctx.now)] }),
      tag: tagOf(next.version, turnsAt([...had, ...ranges], ctx.now)),
      locate: locateInAccount(input, ''),
    })
  })

/** Ends aliases of an account: by their names from now on, by their ids from an instant on. What they were stays on record, and one that has ended stays as it was. */
export const removeAliases = (
  ctx: Ctx,
  id: string,
  { aliases = [], accountAliases: dated = [] }: RemoveAccountAliasesRequest,
): Promise<Account> =>
  onLatest(async () => {
    const { row, held, ranges } = await readLiveAccountWithRanges(ctx, id)
    const ends = new Map<string, number>()
    const end = (range: AliasRange & { id: string }, instant: number): void => {
      ends.set(range.id, Math.min(ends.get(range.id) ?? range.until, Math.max(range.from, instant)))
    }
    for (const [index, value] of aliases.entries()) {
      const ending = ranges.filter((range) => range.value === value && range.until > ctx.now && range.from < range.until)
      if (!ending.length) throw new ApiError(404, `aliases[${index}]: the account "${id}" has no alias "${value}"`)
      for (const range of ending) end(range, ctx.now)
    }
    for (const [index, { id: aliasId, from = ctx.now }] of dated.entries()) {
      const range = ranges.find((one) => one.id === aliasId)
      if (!range) throw new ApiError(404, `accountAliases[${index}].id: the account "${id}" has no alias with the id "${aliasId}"`)
      if (range.until > ctx.now) end(range, from)
    }
    const ended = ranges.flatMap((range) => {
      const until = ends.get(range.id)
      return until === undefined || until === range.until ? [] : [{ ...range, until }]
    })
    const left = ranges.map((range) => ended.find((one) => one.id === range.id) ?? range)
    const passed = turnsAt(left, ctx.now)
    if (!ended.length) return shown(ctx, tagOf(row.version, passed), showAccount(row, held))
    const next = nextRow(ctx, row)
    const before = ranges.filter((range) => ends.has(range.id) && ends.get(range.id) !== range.until)
    return commit(ctx, {
      statements: [changeAccount(ctx, next), endAliases(ctx, ended)],
      changes: [accountChange(row, next, { accountAliases: [written(before), written(ended)] })],
      answer: showAccount(next, { ...held, aliases: namesAt(left, ctx.now) }),
      tag: tagOf(next.version, passed),
    })
  })

const ALIASES: ListRules = { operationId: 'listAccountAliases', id: 'id', sortFields: ['id'], sort: [['id', 'ASC']], combinations: [] }

/** Every alias that an account has had, has or will have, in the order in which they were given. */
export const listAccountAliases = async (
  ctx: Ctx,
  id: string,
  query: ListAccountAliasesQuery,
): Promise<AccountAliasesPaginatedResponse> => {
  const rules = { ...ALIASES, operationId: `${ALIASES.operationId} ${id}` }
  const page = await openPage(ctx, rules, query, 100)
  const [after] = page.after ?? []
  const rows = await ctx.session.db
    .select({ account: sql<string>`${accounts.id}`.as('account_id'), alias: accountAliases })
    .from(accounts)
    .leftJoin(
      accountAliases,
      and(
        eq(accountAliases.togaiAccountId, accounts.togaiAccountId),
        after === undefined ? undefined : gt(accountAliases.id, String(after)),
      ),
    )
    .where(isAccount(ctx, id))
    .orderBy(accountAliases.id)
    .limit(page.size + 1)
  if (!rows.length) throw notFound('account', id)
  const found = rows.flatMap(({ alias }) => alias ?? [])
  const { visible, ...next } = await closePage(ctx, rules, page, found, (row) => row.id)
  return {
    data: visible.map((row) => ({
      id: row.id,
      value: row.value,
      effectiveFrom: iso(row.effectiveFrom),
      effectiveUntil: iso(row.effectiveUntil),
      createdAt: iso(row.createdAt),
      updatedAt: iso(row.updatedAt),
    })),
    ...next,
  }
}
