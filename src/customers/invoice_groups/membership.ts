import { and, eq, sql } from 'drizzle-orm'
import { accounts } from '../accounts/table.ts'
import type { Ctx } from '../../db/context.ts'
import { refuse } from '../../db/conflicts.ts'
import { qualified } from '../../db/rows.ts'
import { groupChange, join, part } from './service.ts'
import { invoiceGroupAccounts, invoiceGroups } from './table.ts'

interface Membership {
  id: string
  version: number
  updatedAt: number
  /** How many accounts are in the group. */
  count: number
}

/** The invoice group that each account is in, or null. */
export const groupOf = sql`(
    select json_object('id', its.id, 'version', its.version, 'updatedAt', its.updated_at, 'count', (
      select count(*) from ${invoiceGroupAccounts} as other where other.invoice_group_id = its.id
    ))
    from ${invoiceGroupAccounts} as member join ${invoiceGroups} as its on its.id = member.invoice_group_id
    where member.organization_id = ${qualified(accounts.organizationId)} and member.account_id = ${qualified(accounts.id)}
  )`.mapWith((json: string) => JSON.parse(json) as Membership | null)

/** Takes an account out of its group as it is archived, and ends the group if it was the last. */
export const leaveGroup = (ctx: Ctx, accountId: string, { count, ...group }: Membership) => {
  const { statement, change } = groupChange(ctx, { ...group, status: 'ACTIVE' }, count > 1 ? 'ACTIVE' : 'ARCHIVED', [[accountId], []], true)
  return { statements: [statement, part(ctx, [accountId])], change }
}

/** A statement that has the verb read again when the account has come into a group since it was read to be in none. */
export const inNoGroup = (ctx: Ctx, accountId: string) =>
  refuse(
    ctx,
    'STALE',
    sql`select '[]' from ${invoiceGroupAccounts} where ${invoiceGroupAccounts.organizationId} = ${ctx.organizationId} and ${invoiceGroupAccounts.accountId} = ${accountId}`,
  )

/** Puts an account back into the group that it was in when it was archived; undefined when the group has ended otherwise, or has another currency. */
export const rejoinGroup = async (ctx: Ctx, account: { id: string; invoiceCurrency: string }, groupId: string) => {
  const [group] = await ctx.session.db
    .select()
    .from(invoiceGroups)
    .where(and(eq(invoiceGroups.organizationId, ctx.organizationId), eq(invoiceGroups.id, groupId)))
  if (!group || group.invoiceCurrency !== account.invoiceCurrency) return undefined
  if (group.status === 'ARCHIVED' && !group.endedByArchive) return undefined
  const { statement, change } = groupChange(ctx, group, 'ACTIVE', [[], [account.id]])
  return { statements: [statement, join(ctx, group.id, [account.id])], change }
}
