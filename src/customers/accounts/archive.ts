import { and, eq, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, combineDrafts } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { type Membership, draftLeaving, groupOf, refuseMember } from '../invoice_groups/membership.ts'
import { draftAccountChange, tagOfAccount } from './account.ts'
import { everyAlias, isAccount } from './queries.ts'
import type { AliasRange } from './ranges.ts'
import { accountAliases, accounts } from './table.ts'

/** The statement that ends aliases of an archived account and remembers their original ends. */
const endByArchive = (ctx: Ctx, ids: readonly string[]) =>
  builder
    .update(accountAliases)
    .set({
      untilBeforeArchive: sql`${accountAliases.effectiveUntil}`,
      effectiveUntil: sql`max(${accountAliases.effectiveFrom}, ${ctx.now})`,
      updatedAt: ctx.now,
    })
    .where(
      and(
        eq(accountAliases.organizationId, ctx.organizationId),
        sql`${accountAliases.id} in (select value from json_each(${JSON.stringify(ids)}))`,
      ),
    )

/** The query for what an account will still be invoiced for, which a later domain knows. */
const invoicedStill = ({ organizationId }: Ctx, id: string) =>
  sql`select '[]' from accounts_to_invoice where organization_id = ${organizationId} and account_id = ${id}`

const readForArchive = async (ctx: Ctx, id: string) => {
  const [found] = await ctx.session.db
    .select({ row: accounts, ranges: everyAlias, group: groupOf, isInvoiced: sql<number>`exists (${invoicedStill(ctx, id)})` })
    .from(accounts)
    .where(isAccount(ctx, id))
  if (!found) throw notFound('account', id)
  return found
}

/**
 * Archives an account. Its aliases end now, and it leaves its invoice group: now, or if it will still be invoiced, after its last invoice.
 * Archiving it again changes nothing.
 */
export const deleteAccount = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeVersioned(ctx, {
    read: () => readForArchive(ctx, id),
    tagOf: ({ row, ranges }) => tagOfAccount(row, ranges, ctx.now),
    change: ({ row, ranges, group, isInvoiced }) => {
      const leaves = group && !isInvoiced
      const answer = { success: true }
      if (row.status === 'ARCHIVED') return { unchanged: answer }
      const lasting = ({ from, until }: AliasRange): boolean => until > ctx.now && from < until
      const end = (range: AliasRange) => ({ ...range, until: Math.max(range.from, ctx.now) })
      const ending = ranges.filter(lasting)
      const { next, draft } = draftAccountChange(
        ctx,
        row,
        { status: 'ARCHIVED', beforeArchive: { status: row.status, ...(leaves && { invoiceGroup: group.id }) } },
        [ending, ending.map(end)],
      )
      const after = ranges.map((range) => (lasting(range) ? end(range) : range))
      const aliases = ending.length
        ? [
            endByArchive(
              ctx,
              ending.map((range) => range.id),
            ),
          ]
        : []
      const left = leaves ? draftLeaving(ctx, id, group) : { statements: [], changes: [] }
      const held = group ? (leaves ? [refuseWhen('STALE', invoicedStill(ctx, id))] : []) : [refuseMember(ctx, id)]
      return combineDrafts(
        {
          ...draft,
          statements: [...draft.statements, ...held, ...aliases],
          due: [
            ...(draft.due ?? []),
            { kind: 'ACCOUNT_ARCHIVED', subject: id, dueAt: ctx.now },
            { kind: 'PURCHASES_ARCHIVED', subject: id, dueAt: ctx.now },
            ...(group && !leaves ? [{ kind: 'INVOICE_GROUP_LEFT', subject: id, dueAt: ctx.now }] : []),
          ],
          answer,
          tag: tagOfAccount(next, after, ctx.now),
        },
        left,
      )
    },
  })

/** The invoice group that an archived account is still in. */
export const readArchivedMember = async (ctx: Ctx, id: string): Promise<Membership | undefined> => {
  const [found] = await ctx.session.db
    .select({ group: groupOf })
    .from(accounts)
    .where(and(isAccount(ctx, id), eq(accounts.status, 'ARCHIVED')))
  return found?.group ?? undefined
}

/** Drafts how an archived account leaves its group after its last invoice, so that it can go back if it is restored. */
export const draftLeavingLate = (ctx: Ctx, id: string, group: Membership): Omit<Draft<object>, 'answer'> => {
  const left = draftLeaving(ctx, id, group)
  const restored = builder
    .select({ values: sql`'[]'`.as('values') })
    .from(accounts)
    .where(and(isAccount(ctx, id), sql`${accounts.status} <> 'ARCHIVED'`))
  return {
    ...left,
    statements: [
      ...left.statements,
      refuseWhen('STALE', restored.getSQL()),
      builder
        .update(accounts)
        .set({ beforeArchive: sql`json_set(${accounts.beforeArchive}, '$.invoiceGroup', ${group.id})` })
        .where(isAccount(ctx, id)),
    ],
  }
}
