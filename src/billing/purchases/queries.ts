import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { isReadable } from '../portal.ts'
import { type PurchaseRow, purchases } from './table.ts'

const columns = getTableColumns(purchases)
const readRows = selection(columns)

const onePurchase = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readRows.selected)
    .from(purchases)
    .where(and(eq(purchases.organizationId, at.organizationId), eq(purchases.id, at.id))),
)

const purchaseOfKey = prepare(['organizationId', 'accountId', 'key', 'isProposal'], (at) =>
  builder
    .select(readRows.selected)
    .from(purchases)
    .where(
      and(
        eq(purchases.organizationId, at.organizationId),
        eq(purchases.accountId, at.accountId),
        sql`${purchases.idempotencyKey} = ${at.key} and (${purchases.paymentMode} is not null) = ${at.isProposal}`,
      ),
    ),
)

const openPurchases = prepare(['organizationId', 'accountId'], (at) =>
  builder
    .select(readRows.selected)
    .from(purchases)
    .where(and(eq(purchases.organizationId, at.organizationId), eq(purchases.accountId, at.accountId), sql`${purchases.settledAt} is null`))
    .orderBy(purchases.id),
)

/** Finds a purchase or a proposal by its id. */
const findPurchase = async ({ organizationId, session }: Ctx, id: string): Promise<PurchaseRow | undefined> =>
  readRows.read(await session.rows(onePurchase({ organizationId, id })))[0]

/** The query for a purchase or a proposal by its id; and what it gives. */
export const selectPurchase = ({ organizationId }: Pick<Ctx, 'organizationId'>, id: string) => onePurchase({ organizationId, id })
export const readPurchaseRows = (rows: readonly unknown[] | undefined): PurchaseRow[] =>
  readRows.read((rows ?? []) as Record<string, unknown>[])

/** Finds what was made with a key of the caller for an account. */
export const findPurchaseOfKey = async (
  { organizationId, session }: Ctx,
  accountId: string,
  key: string,
  isProposal: boolean,
): Promise<PurchaseRow | undefined> =>
  readRows.read(await session.rows(purchaseOfKey({ organizationId, accountId, key, isProposal: isProposal ? 1 : 0 })))[0]

/** Reads the purchases and proposals of an account that are still to be paid, done or answered. */
export const readOpenPurchases = async ({ organizationId, session }: Ctx, accountId: string): Promise<PurchaseRow[]> =>
  readRows.read(await session.rows(openPurchases({ organizationId, accountId })))

/** A purchase that has begun. */
export type BegunPurchase = PurchaseRow & { status: NonNullable<PurchaseRow['status']> }

/** A purchase that was proposed. */
export type ProposalRow = PurchaseRow & Required<{ [Field in 'paymentMode' | 'proposalStatus']: NonNullable<PurchaseRow[Field]> }>

const requireOwn = (ctx: Ctx, row: PurchaseRow | undefined, kind: string): void => {
  if (!isReadable(ctx, row)) throw new ApiError('FORBIDDEN', `This portal token does not read this ${kind}.`)
}

/** Reads a purchase, which a proposal is from its approval on. Throws NOT_FOUND. */
export const readPurchase = async (ctx: Ctx, id: string): Promise<BegunPurchase> => {
  const row = await findPurchase(ctx, id)
  requireOwn(ctx, row, 'purchase')
  if (!row || row.status === null) throw notFound('purchase', id)
  return row as BegunPurchase
}

/** Reads a proposal. Throws NOT_FOUND. */
export const readProposal = async (ctx: Ctx, id: string): Promise<ProposalRow> => {
  const row = await findPurchase(ctx, id)
  requireOwn(ctx, row, 'proposal')
  if (!row || row.proposalStatus === null) throw notFound('proposal', id)
  return row as ProposalRow
}

const list = {
  table: purchases,
  key: purchases.id,
  columns,
  order: { created_at: purchases.createdAt, id: purchases.id },
  sort: [
    ['created_at', 'DESC'],
    ['id', 'ASC'],
  ],
} as const

export const listPurchaseRows = defineList({
  ...list,
  where: ({ account }) => sql`account_id = ${account} and status is not null`,
})

export const listProposalRows = defineList({
  ...list,
  where: ({ account }) => sql`account_id = ${account} and proposal_status is not null`,
})

/** Purchases and proposals of all accounts. */
export const listAllRows = defineList({
  ...list,
  filters: { account_id: purchases.accountId, proposal_status: purchases.proposalStatus, purchase_status: purchases.status },
  combinations: [
    ['account_id'],
    ['proposal_status'],
    ['purchase_status'],
    ['account_id', 'proposal_status'],
    ['account_id', 'purchase_status'],
  ],
})
