import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { customers } from '../customers/table.ts'
import { commit, onLatest, precondition, shown } from '../../db/commit.ts'
import { refuse } from '../../db/conflicts.ts'
import { qualified } from '../../db/rows.ts'
import { groupOf, inNoGroup, leaveGroup, rejoinGroup } from '../invoice_groups/membership.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { accountAt, endAliases, everyAlias, insertAliases, isAccount } from './queries.ts'
import { type AliasRange, turnsAt, written } from './ranges.ts'
import type { RestoreAccountResponse } from './schema.ts'
import { accountChange, changeAccount, namesAt, nextRow, showAccount } from './service.ts'
import { type BeforeArchive, accountAliases, accounts } from './table.ts'

/** Archives an account: its aliases end at this instant, and it leaves its invoice group. A second time changes nothing. */
export const deleteAccount = (ctx: Ctx, id: string): Promise<{ success: true }> =>
  onLatest(async () => {
    const [found] = await ctx.session.db
      .select({ row: accounts, ranges: everyAlias, group: groupOf })
      .from(accounts)
      .where(isAccount(ctx, id))
    if (!found) throw notFound('account', id)
    const { row, ranges, group } = found
    const tag = tagOf(row.version, turnsAt(ranges, ctx.now))
    precondition(ctx, tag)
    if (row.status === 'ARCHIVED') return shown(ctx, tag, { success: true })
    const ending = ranges.filter(({ from, until }) => until > ctx.now && from < until)
    const ended = ending.map((range) => ({ ...range, until: Math.max(range.from, ctx.now) }))
    const left = group && leaveGroup(ctx, id, group)
    const beforeArchive: BeforeArchive = { status: row.status, ...(group && { invoiceGroup: group.id }) }
    const changes = { status: 'ARCHIVED' as const, beforeArchive }
    const next = nextRow(ctx, row, changes)
    const end = ctx.session.db
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
      statements: [changeAccount(ctx, next, changes), ...(ending.length ? [end] : []), ...(left?.statements ?? [inNoGroup(ctx, id)])],
      changes: [accountChange(row, next, more), ...(left ? [left.change] : [])],
      answer: { success: true },
      tag: tagOf(next.version, turnsAt(after, ctx.now)),
    })
  })

interface Ended extends AliasRange {
  id: string
  /** The account to which it belongs meanwhile. */
  owner: string | null
  /** Whether it belonged to another account for a while. */
  interrupted: boolean
}

/** The aliases that the archive of each account ended, as they would be again at `instant` (milliseconds). */
const endedByArchive = (instant: number) => {
  const meets = sql`other.organization_id = ended.organization_id and other.value = ended.value and other.id <> ended.id
    and other.effective_from < ended.until_before_archive and other.effective_until > ended.effective_from
    and other.effective_from < other.effective_until`
  return sql`(
    select json_group_array(json_array(ended.id, ended.value, ended.effective_from, ended.until_before_archive, coalesce(
      (
        select owner.id from ${accountAliases} as other join ${accounts} as owner on owner.togai_account_id = other.togai_account_id
        where ${meets} and other.effective_until > ${instant} limit 1
      ),
      (
        select owner.id from ${accounts} as owner
        where owner.organization_id = ended.organization_id and owner.id = ended.value and owner.togai_account_id <> ended.togai_account_id
      )
    ), (select count(*) from ${accountAliases} as other where ${meets})) order by ended.id)
    from ${accountAliases} as ended
    where ended.togai_account_id = ${qualified(accounts.togaiAccountId)} and ended.until_before_archive is not null
  )`.mapWith((json: string): Ended[] =>
    (JSON.parse(json) as [string, string, number, number, string | null, number][]).map(([id, value, from, until, owner, others]) => ({
      id,
      value,
      from,
      until,
      owner,
      interrupted: others > 0,
    })),
  )
}

/** The statements by which aliases that were interrupted hold again from now on; the verb reads again when one is taken meanwhile. */
const resume = (ctx: Ctx, togaiAccountId: string, ranges: readonly AliasRange[]) => {
  if (!ranges.length) return []
  const sent = JSON.stringify(ranges.map(({ value, until }) => [value, until]))
  const taken = sql`
    select '[]' from json_each(${sent}) as sent join ${accountAliases} as other on other.value = sent.value ->> 0
    where other.organization_id = ${ctx.organizationId} and other.effective_from < sent.value ->> 1 and other.effective_until > ${ctx.now}
      and other.effective_from < other.effective_until
  `
  const asked = ranges.map((range) => ({ ...range, open: false }))
  return [refuse(ctx, 'STALE', taken), insertAliases(ctx, togaiAccountId, asked, ctx.now)]
}

/**
 * Undoes an archive: the status, the aliases as if they had never ended (from now on, where another account had them for a while), and the place in its invoice group.
 * What another account has meanwhile is left out and named, and so is a group that has ended. An account that is not archived stays as it is.
 */
export const restoreAccount = (ctx: Ctx, id: string): Promise<RestoreAccountResponse> =>
  onLatest(async () => {
    const [found] = await ctx.session.db
      .select({
        ...accountAt(ctx.now),
        ranges: everyAlias,
        ended: endedByArchive(ctx.now),
        customer: sql<string>`(select ${customers.status} from ${customers} where ${qualified(customers.togaiCustomerId)} = ${qualified(accounts.togaiCustomerId)})`,
      })
      .from(accounts)
      .where(isAccount(ctx, id))
    if (!found) throw notFound('account', id)
    const { row, ranges, aliases, settings } = found
    const tag = tagOf(row.version, turnsAt(ranges, ctx.now))
    precondition(ctx, tag)
    if (row.status !== 'ARCHIVED') return shown(ctx, tag, { ...showAccount(row, { aliases, settings }), aliasesLeftOut: [] })
    if (found.customer === 'ARCHIVED')
      throw new ApiError(409, `customerId: the customer "${row.customerId}" is archived. Restore it first.`)
    const free = found.ended.filter(({ owner }) => owner === null)
    const back = free.filter(({ interrupted }) => !interrupted)
    const resumed = free
      .filter(({ interrupted, until }) => interrupted && until > ctx.now)
      .map(({ value, until }) => ({ value, from: ctx.now, until }))
    const aliasesLeftOut = found.ended.flatMap(({ value, owner }) => (owner === null ? [] : [{ alias: value, accountId: owner }]))
    const { status = 'ACTIVE' as const, invoiceGroup } = row.beforeArchive ?? {}
    const rejoined = invoiceGroup === undefined ? undefined : await rejoinGroup(ctx, row, invoiceGroup)
    const changes = { status, beforeArchive: null }
    const next = nextRow(ctx, row, changes)
    const forget = ctx.session.db
      .update(accountAliases)
      .set({ untilBeforeArchive: null })
      .where(and(eq(accountAliases.togaiAccountId, row.togaiAccountId), isNotNull(accountAliases.untilBeforeArchive)))
    const before = ranges.filter((range) => back.some((one) => one.id === range.id))
    const after = [...ranges.map((range) => back.find((one) => one.id === range.id) ?? range), ...resumed]
    const more = free.length ? { accountAliases: [written(before), written([...back, ...resumed])] as const } : {}
    return commit(ctx, {
      statements: [
        changeAccount(ctx, next, changes),
        ...(back.length ? [endAliases(ctx, back)] : []),
        ...resume(ctx, row.togaiAccountId, resumed),
        ...(found.ended.length ? [forget] : []),
        ...(rejoined?.statements ?? []),
      ],
      changes: [accountChange(row, next, more), ...(rejoined ? [rejoined.change] : [])],
      answer: {
        ...showAccount(next, { aliases: namesAt(after, ctx.now), settings }),
        aliasesLeftOut,
        ...(invoiceGroup && !rejoined && { invoiceGroupLeftOut: invoiceGroup }),
      },
      tag: tagOf(next.version, turnsAt(after, ctx.now)),
    })
  })
