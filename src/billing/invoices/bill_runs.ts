import { type SQL, sql } from 'drizzle-orm'
import { type EntryOutcome, type Job, type JobEntry, type PartResult, draftJob } from '../../access/jobs/service.ts'
import { cycleOn, readPieceParts, selectPartsOfList } from '../../catalogue/schedules/service.ts'
import { type Reply, commit } from '../../db/commit.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { iso } from '../../lib/time.ts'
import { dayOf } from '../../rating/cycle.ts'
import { type Billings, readBillings } from './billings.ts'
import { type FallingDraft, freezeDrafts, holdBillings } from './cycles.ts'
import { isPlaced } from './plans.ts'
import { showSummaries } from './live.ts'
import { listRowsForBillRun, waitsForBillRun } from './queries.ts'
import type { CreateBillRunQuery, ListBillRunQuery, ListInvoicesResponse } from './schema.ts'
import type { InvoiceRow } from './show.ts'
import { waitsWithCredits } from './turns.ts'

/** Lists the invoices that a bill run would let fall due, the newest first, page by page. */
export const listInvoicesForBillRun = async (ctx: Ctx, query: ListBillRunQuery): Promise<Reply<ListInvoicesResponse>> => {
  const { rows, next } = await listRowsForBillRun(ctx, query)
  return { answer: { data: await showSummaries(ctx, rows), ...next } }
}

/** The query for the ids of the invoices that a bill run lets fall due: the one that has waited longest comes first. */
const selectWaiting = ({ organizationId, now }: Ctx, asked: CreateBillRunQuery): SQL => {
  const { status, owner_id, customer_id, start_time, end_time } = asked
  const conditions = [
    sql`organization_id = ${organizationId} and ${waitsForBillRun(now)}`,
    ...(status === undefined ? [] : [sql`status = ${status}`]),
    ...(owner_id === undefined ? [] : [sql`owner_id = ${owner_id}`]),
    ...(customer_id === undefined ? [] : [sql`customer_id = ${customer_id}`]),
    ...(start_time === undefined ? [] : [sql`invoice_at >= cast(${start_time} as integer)`]),
    ...(end_time === undefined ? [] : [sql`invoice_at < cast(${end_time} as integer)`]),
  ]
  return sql`select id from invoices where ${sql.join(conditions, sql` and `)} order by invoice_at, start_at, account_id, id`
}

/** Creates a job that lets the invoices fall due that wait for that now. */
export const createInvoiceBillRun = (ctx: Ctx, query: CreateBillRunQuery): Promise<Reply<{ success: boolean }>> => {
  const { require_confirmation, ...asked } = query
  const metadata = Object.fromEntries(Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const job = draftJob(ctx, {
    type: 'BILL_RUN',
    request: asked,
    metadata: Object.keys(metadata).length ? metadata : null,
    entityIds: selectWaiting(ctx, asked),
    waits: require_confirmation === 'true',
  })
  return commit(ctx, { ...job, answer: { success: true } })
}

type FoundInvoice = Pick<InvoiceRow, 'id' | 'ownerId' | 'status' | 'invoiceAt'>

const readFound = async ({ session, organizationId }: Ctx, entries: readonly JobEntry[]): Promise<Map<string, FoundInvoice>> => {
  const ids = JSON.stringify(entries.map(({ entityId }) => entityId))
  const rows = await session.rows<FoundInvoice>(
    selectRows(sql`
      select id, owner_id as ownerId, status, invoice_at as invoiceAt from invoices
      where +organization_id = ${organizationId} and id in (select value from json_each(${ids}))`),
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** Why an invoice is left as it is; undefined if it falls due. */
const findReason = ({ status, invoiceAt }: FoundInvoice, now: number): string | undefined => {
  if (status === 'GONE') return 'The cycle of the invoice is gone, and the invoice with it.'
  if (status !== 'DRAFT') return `The invoice is ${status} already, and was left as it is.`
  return invoiceAt > now ? `The cycle of the invoice has changed: it can fall due from ${iso(invoiceAt)} on.` : undefined
}

/** A DRAFT with what it takes to freeze it. Throws STALE if it, or its cycle, is being changed. */
const findFalling = ({ accounts }: Billings, { id, ownerId }: FoundInvoice): Omit<FallingDraft, 'parts'> => {
  const billing = accounts.get(ownerId)
  const row = billing?.drafts.find((draft) => draft.id === id)
  const inForce = billing && row && cycleOn(billing.timeline.active, dayOf(row.startAt))
  if (!row || !inForce || inForce.cycle.start !== dayOf(row.startAt) || !isPlaced(row, inForce)) throw STALE
  return { row, inForce, owner: billing.owner, purse: billing.purse }
}

/** The DRAFTs of accounts that wait for another run, and take from the credits that those of this one take from. */
const listWaiting = (ctx: Ctx, { accounts }: Billings, open: readonly FoundInvoice[]): Omit<FallingDraft, 'parts'>[] =>
  [...accounts.values()].flatMap(({ credits, drafts, timeline, owner, purse }) =>
    credits.length
      ? drafts.flatMap((row) => {
          const inForce = cycleOn(timeline.active, dayOf(row.startAt))
          const waits = waitsWithCredits(row, ctx.now) && !open.some(({ id }) => id === row.id)
          return waits && inForce && isPlaced(row, inForce) ? [{ row, inForce, owner, purse }] : []
        })
      : [],
  )

/** Lets the invoices of a part of a job fall due, as of the instant at which the job was started, all in one commit. */
export const billDrafts = async (ctx: Ctx, _job: Job, entries: readonly JobEntry[]): Promise<PartResult> => {
  const found = await readFound(ctx, entries)
  const outcomes: EntryOutcome[] = []
  const open: FoundInvoice[] = []
  for (const { position, entityId } of entries) {
    const invoice = found.get(entityId)
    if (!invoice) throw new Error('An invoice of a bill run does not exist')
    const reason = findReason(invoice, ctx.now)
    outcomes.push({ position, status: 'COMPLETED', reason: reason ?? '' })
    if (reason === undefined) open.push(invoice)
  }
  if (!open.length) return { outcomes }
  const billings = await readBillings(ctx, [...new Set(open.map(({ ownerId }) => ownerId))])
  const falling = open.map((invoice) => findFalling(billings, invoice))
  const waiting = listWaiting(ctx, billings, open)
  const pieces = [...falling, ...waiting].map(({ inForce: { piece } }) => piece)
  const parts = readPieceParts(await ctx.session.batch(selectPartsOfList(ctx, pieces)))
  const { statements, changes } = await freezeDrafts(
    ctx,
    billings,
    falling.map((one) => ({ ...one, parts })),
    waiting.map((one) => ({ ...one, parts })),
  )
  return { outcomes, drafts: [{ statements: [holdBillings(ctx, [...billings.accounts.values()]), ...statements], changes }] }
}
