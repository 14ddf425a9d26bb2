import { getTableColumns, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { ApiError, archived, notFound } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import { draftAccountChange, showAccount, tagOfAccount } from './account.ts'
import { locateInAccount } from './create.ts'
import { accountAt, endAliases, everyAlias, insertAliases, isAccount } from './queries.ts'
import { type AliasRange, namesAt, rangesOf, roomSince } from './ranges.ts'
import type {
  Account,
  AccountAliasesPaginatedResponse,
  AddAccountAliasesRequest,
  ListAccountAliasesQuery,
  RemoveAccountAliasesRequest,
} from './schema.ts'
import { accountAliases, accounts } from './table.ts'

/** Reads an account with all its aliases, including past and future ones. */
const readWithAliases = async (ctx: Ctx, id: string) => {
  const [found] = await ctx.session.db
    .select({ ...accountAt(ctx.now), ranges: everyAlias })
    .from(accounts)
    .where(isAccount(ctx, id))
  if (!found) throw notFound('account', id)
  return found
}
type AccountWithAliases = Awaited<ReturnType<typeof readWithAliases>>

/** Changes the aliases of an account that is not archived. */
const changeAliases = (
  ctx: Ctx,
  id: string,
  change: Parameters<typeof changeVersioned<AccountWithAliases, Account>>[1]['change'],
): Promise<Reply<Account>> =>
  changeVersioned(ctx, {
    read: () => readWithAliases(ctx, id),
    tagOf: ({ row, ranges }) => tagOfAccount(row, ranges, ctx.now),
    change: (found) => {
      if (found.row.status === 'ARCHIVED') throw archived('account', id)
      return change(found)
    },
  })

/** Gives aliases to an account. */
export const addAliases = (ctx: Ctx, id: string, input: AddAccountAliasesRequest): Promise<Reply<Account>> =>
  changeAliases(ctx, id, ({ row, ranges: had, ...parts }) => {
    const ranges = rangesOf(input)
    if (!ranges.length) return { unchanged: showAccount(row, parts) }
    const since = roomSince(had, ranges.filter(({ open }) => open).length, ctx.now)
    const { next, draft } = draftAccountChange(ctx, row, {}, [[], ranges])
    return {
      ...draft,
      statements: [...draft.statements, insertAliases(ctx, row.togaiAccountId, ranges, since)],
      answer: showAccount(next, { ...parts, aliases: [...parts.aliases, ...namesAt(ranges, ctx.now)] }),
      tag: tagOfAccount(next, [...had, ...ranges], ctx.now),
      locate: locateInAccount(input, ''),
    }
  })

/** The end (milliseconds) of each alias that a request removes, by id. */
const endsOf = (
  id: string,
  ranges: AccountWithAliases['ranges'],
  { aliases = [], accountAliases: dated = [] }: RemoveAccountAliasesRequest,
  now: number,
): ReadonlyMap<string, number> => {
  const ends = new Map<string, number>()
  const end = (range: AliasRange & { id: string }, instant: number): void => {
    ends.set(range.id, Math.min(ends.get(range.id) ?? range.until, Math.max(range.from, instant)))
  }
  for (const [index, value] of aliases.entries()) {
    const ending = ranges.filter((range) => range.value === value && range.until > now && range.from < range.until)
    if (!ending.length) throw new ApiError('NOT_FOUND', `aliases[${index}]: the account "${id}" has no alias "${value}"`)
    for (const range of ending) end(range, now)
  }
  for (const [index, { id: aliasId, from = now }] of dated.entries()) {
    const range = ranges.find((one) => one.id === aliasId)
    if (!range) throw new ApiError('NOT_FOUND', `accountAliases[${index}].id: the account "${id}" has no alias with the id "${aliasId}"`)
    if (range.until > now) end(range, from)
  }
  return ends
}

/** Ends aliases of an account, now if given by name, or at an instant if given by id. Past aliases do not change. */
export const removeAliases = (ctx: Ctx, id: string, input: RemoveAccountAliasesRequest): Promise<Reply<Account>> =>
  changeAliases(ctx, id, ({ row, ranges, ...parts }) => {
    const ends = endsOf(id, ranges, input, ctx.now)
    const after = ranges.map((range) => ({ ...range, until: ends.get(range.id) ?? range.until }))
    const changed = ranges.flatMap((range, index) => {
      const ended = after[index]
      return ended && ended.until !== range.until ? [{ range, ended }] : []
    })
    if (!changed.length) return { unchanged: showAccount(row, { ...parts, aliases: namesAt(after, ctx.now) }) }
    const ended = changed.map((one) => one.ended)
    const { next, draft } = draftAccountChange(ctx, row, {}, [changed.map(({ range }) => range), ended])
    return {
      ...draft,
      statements: [...draft.statements, endAliases(ctx, ended)],
      answer: showAccount(next, { ...parts, aliases: namesAt(after, ctx.now) }),
      tag: tagOfAccount(next, after, ctx.now),
    }
  })

const listAliases = defineList({
  table: accountAliases,
  key: accountAliases.id,
  columns: getTableColumns(accountAliases),
  order: { id: accountAliases.id },
  sort: [['id', 'ASC']],
  combinations: [],
  pageSize: 100,
  where: ({ organizationId, account }) => sql`togai_account_id = (
    select ${accounts.togaiAccountId} from ${accounts} where ${accounts.organizationId} = ${organizationId} and ${accounts.id} = ${account}
  )`,
})

/** Lists all past, present and future aliases of an account, in the order in which they were added. */
export const listAccountAliases = async (
  ctx: Ctx,
  id: string,
  query: ListAccountAliasesQuery,
): Promise<Reply<AccountAliasesPaginatedResponse>> => {
  const { rows, next } = await listAliases(ctx, query, { account: id }, id)
  if (!rows.length) {
    const [account] = await ctx.session.db.select({ id: accounts.id }).from(accounts).where(isAccount(ctx, id))
    if (!account) throw notFound('account', id)
  }
  const data = rows.map((row) => ({
    id: row.id,
    value: row.value,
    effectiveFrom: iso(row.effectiveFrom),
    effectiveUntil: iso(row.effectiveUntil),
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  }))
  return { answer: { data, ...next } }
}
