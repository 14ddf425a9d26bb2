import { and, eq, sql } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { qualified } from '../../db/statements.ts'
import { accounts } from '../accounts/table.ts'
import { deleteMembers, draftGroupChange, insertMembers } from './service.ts'
import { invoiceGroupAccounts, invoiceGroups } from './table.ts'

/** The invoice group that an account is in. */
export interface Membership {
  id: string
  version: number
  updatedAt: number
  /** The number of accounts in a group. */
  count: number
}

/** The invoice group of each account, or null. */
export const groupOf = sql`(
    select json_object('id', its.id, 'version', its.version, 'updatedAt', its.updated_at, 'count', (
      select count(*) from ${invoiceGroupAccounts} as other where other.invoice_group_id = its.id
    ))
    from ${invoiceGroupAccounts} as member join ${invoiceGroups} as its on its.id = member.invoice_group_id
    where member.organization_id = ${qualified(accounts.organizationId)} and member.account_id = ${qualified(accounts.id)}
  )`.mapWith((json: string) => JSON.parse(json) as Membership | null)

/** A draft that is combined with that of an account. */
type GroupDraft = Omit<Draft<object>, 'answer'>

/** Drafts how an archived account leaves its group. The group ends if this was its last account. */
export const draftLeaving = (ctx: Ctx, accountId: string, { count, ...group }: Membership): GroupDraft => {
  const status = count > 1 ? 'ACTIVE' : 'ARCHIVED'
  const { draft } = draftGroupChange(ctx, { ...group, status: 'ACTIVE' }, { status, endedByArchive: status === 'ARCHIVED' }, [
    [accountId],
    [],
  ])
  return { ...draft, statements: [...draft.statements, deleteMembers(ctx, [accountId])] }
}

/** A statement that raises STALE if the account has joined a group since it was read, so that the change is made again. */
export const refuseMember = (ctx: Ctx, accountId: string) =>
  refuseWhen(
    'STALE',
    sql`select '[]' from ${invoiceGroupAccounts} where ${invoiceGroupAccounts.organizationId} = ${ctx.organizationId} and ${invoiceGroupAccounts.accountId} = ${accountId}`,
  )

/** A statement that raises STALE if the account has left its group since it was read. */
export const refuseNoMember = (ctx: Ctx, accountId: string) =>
  refuseWhen(
    'STALE',
    sql`select '[]' where not exists (
      select 1 from ${invoiceGroupAccounts} where organization_id = ${ctx.organizationId} and account_id = ${accountId}
    )`,
  )

/** Drafts how a restored account returns to its group. Undefined if the group has ended or has another currency. */
export const draftRejoining = async (
  ctx: Ctx,
  account: { id: string; invoiceCurrency: string },
  groupId: string,
): Promise<GroupDraft | undefined> => {
  const [group] = await ctx.session.db
    .select()
    .from(invoiceGroups)
    .where(and(eq(invoiceGroups.organizationId, ctx.organizationId), eq(invoiceGroups.id, groupId)))
  if (!group || group.invoiceCurrency !== account.invoiceCurrency) return undefined
  if (group.status === 'ARCHIVED' && !group.endedByArchive) return undefined
  const { draft } = draftGroupChange(ctx, group, { status: 'ACTIVE', endedByArchive: false }, [[], [account.id]])
  return { ...draft, statements: [...draft.statements, insertMembers(ctx, group.id, [account.id])] }
}
