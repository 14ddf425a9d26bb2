import { type SQL, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { sha256 } from '../../lib/hash.ts'
import { LEDGER_PAGE } from '../../lib/page.ts'
import { packRating } from './kept_rating.ts'
import type { InvoiceOwner } from './owner.ts'
import type { ListInvoicesQuery } from './schema.ts'
import type { InvoiceRow } from './show.ts'
import { invoices } from './table.ts'
import { invoiceToken } from './token.ts'

const columns = getTableColumns(invoices)
const readRows = selection(columns)

const oneInvoice = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(and(eq(invoices.organizationId, at.organizationId), eq(invoices.id, at.id), sql`${invoices.status} <> 'GONE'`)),
)

const invoiceOfKey = prepare(['organizationId', 'key'], (at) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(and(eq(invoices.organizationId, at.organizationId), eq(invoices.idempotencyKey, at.key))),
)

const draftsOf = prepare(['organizationId', 'listed'], (at) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(
      and(
        eq(invoices.organizationId, at.organizationId),
        sql`${invoices.accountId} in (select value from json_each(${at.listed}))`,
        sql`${invoices.status} = 'DRAFT' and ${invoices.invoiceType} = 'STANDARD'`,
      ),
    )
    .orderBy(invoices.accountId, invoices.startAt),
)

const draftsById = prepare(['organizationId', 'listed'], (at) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(
      and(
        eq(invoices.organizationId, at.organizationId),
        sql`${invoices.id} in (select value from json_each(${at.listed}))`,
        sql`${invoices.status} = 'DRAFT'`,
      ),
    ),
)

const invoicesById = prepare(['organizationId', 'listed'], (at) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(
      and(
        eq(invoices.organizationId, at.organizationId),
        sql`${invoices.id} in (select value from json_each(${at.listed}))`,
        sql`${invoices.status} <> 'GONE'`,
      ),
    ),
)

/** Reads invoices by their ids, with all that they keep. */
export const readInvoicesById = async (ctx: Ctx, ids: readonly string[]): Promise<InvoiceRow[]> =>
  readRows.read(await ctx.session.rows(invoicesById({ organizationId: ctx.organizationId, listed: JSON.stringify(ids) })))

const draftsWithCredits = prepare(['organizationId', 'listed'], (at) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(
      and(
        eq(invoices.organizationId, at.organizationId),
        sql`${invoices.accountId} in (select value from json_each(${at.listed}))`,
        sql`${invoices.status} = 'DRAFT' and ${invoices.appliesCredits} = 1`,
        sql`exists (select 1 from credits where organization_id = ${at.organizationId} and account_id = invoices.account_id and status = 'ACTIVE')`,
      ),
    ),
)

/** The query for the DRAFTs that can take from the credits of accounts that have some, by a JSON list of the ids of the accounts. */
export const selectDraftsWithCredits = draftsWithCredits

const writtenDraftsOf = prepare(['organizationId', 'listed', 'now'], (at) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(
      and(
        eq(invoices.organizationId, at.organizationId),
        sql`${invoices.accountId} in (select value from json_each(${at.listed}))`,
        sql`${invoices.status} = 'DRAFT' and ${invoices.appliesCredits} = 1 and ${invoices.invoiceType} = 'CUSTOM' and ${invoices.invoiceAt} <= ${at.now}`,
      ),
    ),
)

/** The query for the DRAFTs that people have written, which could have fallen due by an instant and take credits before others. */
export const selectWrittenDraftsOf = writtenDraftsOf

/** Reads invoices by their ids, with all that they keep, of those that are DRAFTs still. */
export const readDraftsById = async (ctx: Ctx, ids: readonly string[]): Promise<InvoiceRow[]> =>
  readRows.read(await ctx.session.rows(draftsById({ organizationId: ctx.organizationId, listed: JSON.stringify(ids) })))

/** The query for the invoices of cycles of accounts, by a JSON list of their ids, that have not fallen due; and what it gives. */
export const selectDraftsOf = draftsOf
export const readInvoiceRows = (rows: readonly Record<string, unknown>[]): InvoiceRow[] => readRows.read(rows)

/** The state of an invoice that its ETag names, with what a DRAFT takes from its owner and its cycle. */
export const tagOfInvoice = async (
  { version, rated }: Pick<InvoiceRow, 'version' | 'rated'>,
  owner: InvoiceOwner | undefined,
): Promise<string> =>
  owner
    ? tagOf(version, (await sha256(JSON.stringify([owner.details, owner.netTermDays, packRating(rated)]))).slice(0, 12))
    : tagOf(version)

/** Whether the caller may read an invoice: with a portal token, those of its customer and accounts only. */
const isReadable = ({ portal }: Ctx, { customerId, accountId }: Pick<InvoiceRow, 'customerId' | 'accountId'>): boolean =>
  !portal ||
  (customerId === portal.customerId && (portal.accountIds === 'all' || (accountId !== null && portal.accountIds.includes(accountId))))

export const readInvoice = async (ctx: Ctx, id: string): Promise<InvoiceRow> => {
  const [row] = readRows.read(await ctx.session.rows(oneInvoice({ organizationId: ctx.organizationId, id })))
  if (ctx.portal && !(row && isReadable(ctx, row))) throw new ApiError('FORBIDDEN', 'This portal token does not read this invoice.')
  if (!row) throw notFound('invoice', id)
  return row
}

/** The invoice that was made with a key of the caller before. */
export const findInvoiceOfKey = async (ctx: Ctx, key: string): Promise<InvoiceRow | undefined> =>
  readRows.read(await ctx.session.rows(invoiceOfKey({ organizationId: ctx.organizationId, key })))[0]

const { rated: _rated, basis: _basis, ...listed } = columns

/** The invoices of pricing cycles that wait for a bill run, since they have not fallen due by themselves. */
export const waitsForBillRun = (now: unknown): SQL =>
  sql`status = 'DRAFT' and invoice_type = 'STANDARD' and auto_advance = 0 and invoice_at <= ${now}`

const list = {
  ...LEDGER_PAGE,
  table: invoices,
  key: invoices.id,
  columns: listed,
  order: { created_at: invoices.createdAt, id: invoices.id },
  sort: [
    ['created_at', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { owner_id: invoices.ownerId, customer_id: invoices.customerId },
  bounds: { start_time: [invoices.invoiceAt, 'FROM'], end_time: [invoices.invoiceAt, 'UNTIL'] },
  token: invoiceToken,
} as const

const listOfAll = defineList({
  ...list,
  where: ({ portalCustomer, portalAccounts }) =>
    and(
      sql`status <> 'GONE'`,
      portalCustomer && sql`customer_id = ${portalCustomer}`,
      portalAccounts && sql`account_id in (select value from json_each(${portalAccounts}))`,
    ) as SQL,
})

/** Lists invoices: with a portal token, those of its customer and accounts. */
export const listInvoiceRows = (ctx: Ctx, query: ListInvoicesQuery): ReturnType<typeof listOfAll> => {
  const { portal } = ctx
  const own = portal && {
    portalCustomer: portal.customerId,
    ...(portal.accountIds !== 'all' && { portalAccounts: JSON.stringify(portal.accountIds) }),
  }
  return listOfAll(ctx, query, own)
}

export const listRowsForBillRun = defineList({ ...list, where: ({ now }) => waitsForBillRun(now) })

/** Lists invoices that fell due, with all that they keep. */
export const listFrozenInvoices = defineList({
  ...LEDGER_PAGE,
  table: invoices,
  key: invoices.id,
  columns,
  order: { created_at: invoices.createdAt, id: invoices.id },
  sort: [
    ['created_at', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { owner_id: invoices.ownerId },
  where: () => sql`sequence is not null`,
  token: invoiceToken,
})
