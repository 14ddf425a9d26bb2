import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Ctx } from '../context.ts'
import { customers } from '../customers/table.ts'
import { commit, onLatest, precondition, shown } from '../db/commit.ts'
import { qualified } from '../db/rows.ts'
import { groupOf, leaveGroup, rejoinGroup } from '../invoice_groups/membership.ts'
import { ApiError, notFound } from '../lib/errors.ts'
import { tagOf } from '../lib/etag.ts'
import { accountAt, endAliases, everyAlias, isAccount } from './queries.ts'
import { type AliasRange, turnsAt, written } from './ranges.ts'
import type { RestoreAccountResponse } from './schema.ts'
import { accountChange, changeAccount, namesAt, nextRow, showAccount } from './service.ts'
import { type BeforeArchive, accountAliases, accounts } from './table.ts'

/** Archives an account: its aliases end at this instant, and it leaves its invoice group. A second time changes nothing. */
export const deleteAccount = (ctx: Ctx, id: string): Promise<{ success: true }> =>
  onLatest(async () => {
    const [found] = await ctx.db.select({ row: accounts, ranges: everyAlias, group: groupOf }).from(accounts).where(isAccount(ctx, id))
    if (!found) throw notFound('account', id)
    const { row, ranges, group } = found
    precondition(ctx, tagOf(row.version))
    if (row.status === 'ARCHIVED') return shown(ctx, tagOf(row.version, turnsAt(ranges, ctx.now)), { success: true })
    const ending = ranges.filter(({ from, until }) => until > ctx.now && from < until)
    const ended = ending.map((range) => ({ ...range, until: Math.max(range.from, ctx.now) }))
    const left = group && leaveGroup(ctx, id, group)
    const beforeArchive: BeforeArchive = { status: row.status, ...(left && { invoiceGroup: left.after }) }
    const changes = { status: 'ARCHIVED' as const, beforeArchive }
    const next = nextRow(ctx, row, changes)
    const end = ctx.db
      .update(accountAliases)
      .set({
        untilBeforeArchive: sql`${accountAliases.effectiveUntil}`,
        effectiveUntil: sql`max(${accountAliases.effectiveFrom}, ${ctx.now})`,
        updatedAt: ctx.now,
      })
      .where(sql`${accountAliases.id} in (select value from json_each(${JSON.stringify(ending.map((range) => range.id))}))`)
    const more = ending.length ? { accountAliases: [written(ending), written(ended)] as const } : {}
    const after = ranges.map((range) => ended.find((one) => one.id === range.id) ?? range)
    return commit(ctx, {
      statements: [changeAccount(ctx, next, changes), ...(ending.length ? [end] : []), ...(left?.statements ?? [])],
      changes: [accountChange(row, next, more), ...(left ? [left.change] : [])],
      answer: { success: true },
      tag: tagOf(next.version, turnsAt(after, ctx.now)),
    })
  })

interface Ended extends AliasRange {
  id: string
  /** The account to which it belongs meanwhile. */
  owner: string | null
}

/** The aliases that the archive of each account ended, as they would be again, each with the account that has it meanwhile. */
const endedByArchive = sql`(
    select json_group_array(json_array(ended.id, ended.value, ended.effective_from, ended.until_before_archive, coalesce(
      (
        select owner.id from ${accountAliases} as other join ${accounts} as owner on owner.togai_account_id = other.togai_account_id
        where other.organization_id = ended.organization_id and other.value = ended.value and other.id <> ended.id
          and other.effective_from < ended.until_before_archive and other.effective_until > ended.effective_from
          and other.effective_from < other.effective_until
        limit 1
      ),
      (
        select owner.id from ${accounts} as owner
        where owner.organization_id = ended.organization_id and owner.id = ended.value and owner.togai_account_id <> ended.togai_account_id
      )
    )) order by ended.id)
    from ${accountAliases} as ended
    where ended.togai_account_id = ${qualified(accounts.togaiAccountId)} and ended.until_before_archive is not null
  )`.mapWith((json: string): Ended[] =>
  (JSON.parse(json) as [string, string, number, number, string | null][]).map(([id, value, from, until, owner]) => ({
    id,
    value,
    from,
    until,
    owner,
  })),
)

/**
 * Undoes an archive: the status, the aliases as if they had never ended, and the place in its invoice group.
 * What another account has meanwhile is left out and named, and so is a group that has ended. An account that is not archived stays as it is.
 */
export const restoreAccount = (ctx: Ctx, id: string): Promise<RestoreAccountResponse> =>
  onLatest(async () => {
    const [found] = await ctx.db
      .select({
        ...accountAt(ctx.now),
        ranges: everyAlias,
        ended: endedByArchive,
        customer: sql<string>`(select ${customers.status} from ${customers} where ${qualified(customers.togaiCustomerId)} = ${qualified(accounts.togaiCustomerId)})`,
      })
      .from(accounts)
      .where(isAccount(ctx, id))
    if (!found) throw notFound('account', id)
    const { row, ranges, aliases, settings } = found
    precondition(ctx, tagOf(row.version))
    if (row.status !== 'ARCHIVED') {
      const tag = tagOf(row.version, turnsAt(ranges, ctx.now))
      return shown(ctx, tag, { ...showAccount(row, { aliases, settings }), aliasesLeftOut: [] })
    }
    if (found.customer === 'ARCHIVED')
      throw new ApiError(409, `customerId: the customer "${row.customerId}" is archived. Restore it first.`)
    const back = found.ended.filter(({ owner }) => owner === null)
    const aliasesLeftOut = found.ended.flatMap(({ value, owner }) => (owner === null ? [] : [{ alias: value, accountId: owner }]))
    const { status = 'ACTIVE' as const, invoiceGroup } = row.beforeArchive ?? {}
    const rejoined = invoiceGroup && (await rejoinGroup(ctx, row, invoiceGroup))
    const changes = { status, beforeArchive: null }
    const next = nextRow(ctx, row, changes)
    const forget = ctx.db
      .update(accountAliases)
      .set({ untilBeforeArchive: null })
      .where(and(eq(accountAliases.togaiAccountId, row.togaiAccountId), isNotNull(accountAliases.untilBeforeArchive)))
    const before = ranges.filter((range) => back.some((one) => one.id === range.id))
    const after = ranges.map((range) => back.find((one) => one.id === range.id) ?? range)
    const more = back.length ? { accountAliases: [written(before), written(back)] as const } : {}
    return commit(ctx, {
      statements: [
        changeAccount(ctx, next, changes),
        ...(back.length ? [endAliases(ctx, back)] : []),
        ...(found.ended.length ? [forget] : []),
        ...(rejoined?.statements ?? []),
      ],
      changes: [accountChange(row, next, more), ...(rejoined ? [rejoined.change] : [])],
      answer: {
        ...showAccount(next, { aliases: namesAt(after, ctx.now), settings }),
        aliasesLeftOut,
        ...(invoiceGroup && !rejoined && { invoiceGroupLeftOut: invoiceGroup.id }),
      },
      tag: tagOf(next.version, turnsAt(after, ctx.now)),
    })
  })
