import { type Column, type Placeholder, type SQL, type SQLWrapper, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { sha256 } from '../../lib/hash.ts'
import { LEDGER_PAGE } from '../../lib/page.ts'
import { FOREVER } from '../../lib/time.ts'
import { isReadable, portalValues, whereReadable } from '../portal.ts'
import { packRating } from './kept_rating.ts'
import type { InvoiceOwner } from './owner.ts'
import type { ListInvoicesQuery } from './schema.ts'
import type { InvoiceRow } from './show.ts'
import { invoices } from './table.ts'
import { invoiceToken } from './token.ts'

const columns = getTableColumns(invoices)
const readRows = selection(columns)

const isListed = (column: Column, listed: SQLWrapper): SQL => sql`${column} in (select value from json_each(${listed}))`

/** A query for invoices of an organization, with all that they keep. */
const selectInvoices = (organizationId: Placeholder, ...conditions: SQL[]) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(and(eq(invoices.organizationId, organizationId), ...conditions))

const oneInvoice = prepare(['organizationId', 'id'], (at) =>
  selectInvoices(at.organizationId, sql`${invoices.id} = ${at.id} and ${invoices.status} <> 'GONE'`),
)

const invoiceOfKey = prepare(['organizationId', 'key'], (at) =>
  selectInvoices(at.organizationId, sql`${invoices.idempotencyKey} = ${at.key}`),
)

/** With a plus before it, the organization is not looked for in an index, which would find all of its invoices. */
const invoicesById = prepare(['organizationId', 'listed'], (at) =>
  builder
    .select(readRows.selected)
    .from(invoices)
    .where(
      and(sql`+${invoices.organizationId} = ${at.organizationId}`, isListed(invoices.id, at.listed), sql`${invoices.status} <> 'GONE'`),
    ),
)

/** The query for the invoices of cycles of accounts, by a JSON list of their ids, that have not fallen due, the oldest of each account first. */
export const selectDraftsOf = prepare(['organizationId', 'listed'], (at) =>
  selectInvoices(
    at.organizationId,
    isListed(invoices.accountId, at.listed),
    sql`${invoices.status} = 'DRAFT' and ${invoices.invoiceType} = 'STANDARD'`,
  ).orderBy(invoices.accountId, invoices.startAt),
)

/** The query for the DRAFTs that can take from the credits of accounts that have some, by a JSON list of the ids of the accounts. */
export const selectDraftsWithCredits = prepare(['organizationId', 'listed'], (at) =>
  selectInvoices(
    at.organizationId,
    isListed(invoices.accountId, at.listed),
    sql`${invoices.status} = 'DRAFT' and ${invoices.appliesCredits} = 1`,
    sql`exists (select 1 from credits where organization_id = ${at.organizationId} and account_id = invoices.account_id and status = 'ACTIVE')`,
  ),
)

/** The query for the DRAFTs that people have written, which could have fallen due by an instant and take credits before others. */
export const selectWrittenDraftsOf = prepare(['organizationId', 'listed', 'now'], (at) =>
  selectInvoices(
    at.organizationId,
    isListed(invoices.accountId, at.listed),
    sql`${invoices.status} = 'DRAFT' and ${invoices.appliesCredits} = 1 and ${invoices.invoiceType} = 'CUSTOM' and ${invoices.invoiceAt} <= ${at.now}`,
  ),
)

export const readInvoiceRows = (rows: readonly Record<string, unknown>[]): InvoiceRow[] => readRows.read(rows)

/** Reads invoices by their ids, with all that they keep. */
export const readInvoicesById = async (ctx: Ctx, ids: readonly string[]): Promise<InvoiceRow[]> =>
  readRows.read(await ctx.session.rows(invoicesById({ organizationId: ctx.organizationId, listed: JSON.stringify(ids) })))

/** The state of an invoice that its ETag names, with what a DRAFT takes from its owner and its cycle. */
export const tagOfInvoice = async (
  { version, rated }: Pick<InvoiceRow, 'version' | 'rated'>,
  owner: InvoiceOwner | undefined,
): Promise<string> =>
  owner
    ? tagOf(version, (await sha256(JSON.stringify([owner.details, owner.netTermDays, packRating(rated)]))).slice(0, 12))
    : tagOf(version)

/** Reads an invoice: with a portal token, one of its customer and accounts only. Throws NOT_FOUND. */
export const readInvoice = async (ctx: Ctx, id: string): Promise<InvoiceRow> => {
  const [row] = readRows.read(await ctx.session.rows(oneInvoice({ organizationId: ctx.organizationId, id })))
  if (!isReadable(ctx, row)) throw new ApiError('FORBIDDEN', 'This portal token does not read this invoice.')
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

/** Until when an invoice is to be paid, as dueDateOf says it, which is not certain of a DRAFT: it has none here. */
const dueDate = sql`iif(status = 'DRAFT', null, min(invoice_at + net_term_days * 86400000, ${sql.raw(String(FOREVER.until))}))`

const listOfAll = defineList({
  ...list,
  bounds: { ...list.bounds, due_start_time: [dueDate, 'FROM'], due_end_time: [dueDate, 'UNTIL'] },
  few: {
    statuses: ['DUE', 'VOID', 'UN_COLLECTIBLE', 'REFUND_INITIATED', 'REFUND_COMPLETED', 'PARTIALLY_PAID'],
    narrowedBy: ['owner_id', 'customer_id', 'portalCustomer'],
  },
  where: (values) => whereReadable(values, 'account_id', sql`status <> 'GONE'`),
})

/** Lists invoices: with a portal token, those of its customer and accounts. */
export const listInvoiceRows = (ctx: Ctx, query: ListInvoicesQuery): ReturnType<typeof listOfAll> =>
  listOfAll(ctx, query, portalValues(ctx))

export const listRowsForBillRun = defineList({ ...list, where: ({ now }) => waitsForBillRun(now) })

/** Lists invoices that fell due, with all that they keep. */
export const listFrozenInvoices = defineList({
  ...list,
  columns,
  filters: { owner_id: invoices.ownerId },
  bounds: {},
  where: () => sql`sequence is not null`,
})
