import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, combineDrafts } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, qualified } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { customers } from '../customers/table.ts'
import { draftRejoining, groupOf, refuseNoMember } from '../invoice_groups/membership.ts'
import { type AccountRow, draftAccountChange, showAccount, tagOfAccount } from './account.ts'
import { accountAt, endAliases, everyAlias, insertAliases, isAccount } from './queries.ts'
import { type AliasRange, namesAt } from './ranges.ts'
import type { RestoreAccountResponse } from './schema.ts'
import { accountAliases, accounts } from './table.ts'

/** An alias that an archive ended. */
interface EndedAlias extends AliasRange {
  id: string
  /** The account that has it now. */
  owner: string | null
  /** Whether another account had it in the meantime. */
  interrupted: boolean
}

/** The aliases that ended when each account was archived, with their state at `instant` (milliseconds). */
const endedByArchive = (instant: number) => {
  const overlapping = sql`other.organization_id = ended.organization_id and other.value = ended.value and other.id <> ended.id
    and other.effective_from < ended.until_before_archive and other.effective_until > ended.effective_from
    and other.effective_from < other.effective_until`
  return sql`(
    select json_group_array(json_array(ended.id, ended.value, ended.effective_from, ended.until_before_archive, coalesce(
      (
        select owner.id from ${accountAliases} as other join ${accounts} as owner on owner.togai_account_id = other.togai_account_id
        where ${overlapping} and other.effective_until > ${instant} limit 1
      ),
      (
        select owner.id from ${accounts} as owner
        where owner.organization_id = ended.organization_id and owner.id = ended.value and owner.togai_account_id <> ended.togai_account_id
      )
    ), (select count(*) from ${accountAliases} as other where ${overlapping})) order by ended.id)
    from ${accountAliases} as ended
    where ended.togai_account_id = ${qualified(accounts.togaiAccountId)} and ended.until_before_archive is not null
  )`.mapWith((json: string): EndedAlias[] =>
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

/** The statements that make interrupted aliases effective again from now on. They raise STALE if another account takes one of them at the same time. */
const resumeAliases = (ctx: Ctx, togaiAccountId: string, ranges: readonly AliasRange[]) => {
  if (!ranges.length) return []
  const sent = JSON.stringify(ranges.map(({ value, until }) => [value, until]))
  const taken = sql`
    select '[]' from json_each(${sent}) as sent join ${accountAliases} as other on other.value = sent.value ->> 0
    where other.organization_id = ${ctx.organizationId} and other.effective_from < sent.value ->> 1 and other.effective_until > ${ctx.now}
      and other.effective_from < other.effective_until
  `
  const dated = ranges.map((range) => ({ ...range, open: false }))
  return [refuseWhen('STALE', taken), insertAliases(ctx, togaiAccountId, dated, ctx.now)]
}

/** The statement that forgets the original ends of the aliases of an account. */
const forgetEnded = (ctx: Ctx, togaiAccountId: string) =>
  builder
    .update(accountAliases)
    .set({ untilBeforeArchive: null })
    .where(
      and(
        eq(accountAliases.organizationId, ctx.organizationId),
        eq(accountAliases.togaiAccountId, togaiAccountId),
        isNotNull(accountAliases.untilBeforeArchive),
      ),
    )

/** Restores the aliases that an archive ended: as if they had never ended, or from now on if another account had them in the meantime. */
const restoreAliases = (ctx: Ctx, { togaiAccountId }: AccountRow, ended: readonly EndedAlias[]) => {
  const free = ended.filter(({ owner }) => owner === null)
  const back = free.filter(({ interrupted }) => !interrupted)
  const resumed = free
    .filter(({ interrupted, until }) => interrupted && until > ctx.now)
    .map(({ value, until }) => ({ value, from: ctx.now, until }))
  return {
    back,
    resumed,
    leftOut: ended.flatMap(({ value, owner }) => (owner === null ? [] : [{ alias: value, accountId: owner }])),
    statements: [
      ...(back.length ? [endAliases(ctx, back)] : []),
      ...resumeAliases(ctx, togaiAccountId, resumed),
      ...(ended.length ? [forgetEnded(ctx, togaiAccountId)] : []),
    ],
  }
}

const readForRestore = async (ctx: Ctx, id: string) => {
  const customer = sql<string>`(
    select ${customers.status} from ${customers} where ${qualified(customers.togaiCustomerId)} = ${qualified(accounts.togaiCustomerId)}
  )`
  const [found] = await ctx.session.db
    .select({ ...accountAt(ctx.now), ranges: everyAlias, ended: endedByArchive(ctx.now), customer, group: groupOf })
    .from(accounts)
    .where(isAccount(ctx, id))
  if (!found) throw notFound('account', id)
  return found
}

/** Drafts the restored account. */
const draftRestored = async (
  ctx: Ctx,
  { row, ranges, settings, ended, group }: Awaited<ReturnType<typeof readForRestore>>,
): Promise<Draft<RestoreAccountResponse>> => {
  const { status = 'ACTIVE' as const, invoiceGroup, pricePlans } = row.beforeArchive ?? {}
  const { back, resumed, leftOut, statements } = restoreAliases(ctx, row, ended)
  const rejoining = invoiceGroup === undefined ? undefined : await draftRejoining(ctx, row, invoiceGroup)
  const restored = new Map(back.map((range) => [range.id, range]))
  const before = ranges.filter((range) => restored.has(range.id))
  const after = [...ranges.map((range) => restored.get(range.id) ?? range), ...resumed]
  const { next, draft } = draftAccountChange(ctx, row, { status, beforeArchive: null }, [before, [...back, ...resumed]])
  const answer = {
    ...showAccount(next, { aliases: namesAt(after, ctx.now), settings }),
    aliasesLeftOut: leftOut,
    ...(invoiceGroup && !rejoining && { invoiceGroupLeftOut: invoiceGroup }),
    ...(pricePlans && { pricePlansLeftOut: [...pricePlans] }),
  }
  return combineDrafts(
    {
      ...draft,
      statements: [...draft.statements, ...(group ? [refuseNoMember(ctx, row.id)] : []), ...statements],
      answer,
      tag: tagOfAccount(next, after, ctx.now),
    },
    ...(rejoining ? [rejoining] : []),
  )
}

/**
 * Undoes an archive: the status, the aliases, and the place in its invoice group. Aliases that another account has meanwhile, a group that has
 * ended, and price plans are left out and named. An account that is not archived stays as it is.
 */
export const restoreAccount = (ctx: Ctx, id: string): Promise<Reply<RestoreAccountResponse>> =>
  changeVersioned(ctx, {
    read: () => readForRestore(ctx, id),
    tagOf: ({ row, ranges }) => tagOfAccount(row, ranges, ctx.now),
    change: (found) => {
      const { row, customer } = found
      if (row.status !== 'ARCHIVED') return { unchanged: { ...showAccount(row, found), aliasesLeftOut: [] } }
      if (customer === 'ARCHIVED')
        throw new ApiError('CONFLICT', `customerId: the customer "${row.customerId}" is archived. Restore it first.`)
      return draftRestored(ctx, found)
    },
  })
