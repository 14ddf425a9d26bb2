import { type SQL, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selectRows, selection } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { LEDGER_PAGE } from '../../lib/page.ts'
import { tokenByCreation } from '../../lib/page_token.ts'
import { isReadable, portalValues, whereReadable } from '../portal.ts'
import type { ListCreditsQuery } from './schema.ts'
import type { LiveCredit } from './show.ts'
import { type CreditRow, type CreditTransactionRow, creditTransactions, credits } from './table.ts'

const columns = getTableColumns(credits)
const readRows = selection(columns)

/** Whether a DRAFT is open that a credit may still pay, of the credit whose columns are named in the query. */
export const hasOpenDraft = sql`exists (
  select 1 from invoices as draft
  where draft.organization_id = credits.organization_id and draft.account_id = credits.account_id and draft.status = 'DRAFT' and draft.applies_credits = 1
    and draft.start_at < credits.effective_until and max(draft.end_at, draft.start_at + 1) > credits.effective_from
)`

/** The status of a credit at an instant, whether or not it has been written that it expired. */
export const statusAt = (now: unknown): SQL<string> =>
  sql<string>`iif(credits.status = 'ACTIVE' and credits.effective_until <= ${now} and not ${hasOpenDraft}, 'EXPIRED', credits.status)`

const creditsInUse = prepare(['organizationId', 'listed', 'now'], (at) =>
  builder
    .select(readRows.selected)
    .from(credits)
    .where(
      and(
        eq(credits.organizationId, at.organizationId),
        sql`${credits.accountId} in (select value from json_each(${at.listed})) and credits.status = 'ACTIVE'`,
        sql`${statusAt(at.now)} = 'ACTIVE'`,
      ),
    ),
)

/** The query for the credits of accounts from which invoices can take; and what it gives, by the ids of the accounts. */
export const selectCreditsInUse = (
  { organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>,
  accountIds: readonly string[],
): Statement => creditsInUse({ organizationId, listed: JSON.stringify(accountIds), now })

export const readCreditRows = (rows: readonly unknown[] | undefined): CreditRow[] =>
  readRows.read((rows ?? []) as Record<string, unknown>[])

export const readCreditsInUse = (rows: readonly unknown[] | undefined): Map<string, CreditRow[]> =>
  Map.groupBy(readCreditRows(rows), ({ accountId }) => accountId)

/** The query for credits by their ids. */
export const selectCredits = ({ organizationId }: Pick<Ctx, 'organizationId'>, ids: readonly string[]): Statement =>
  builder
    .select(readRows.selected)
    .from(credits)
    .where(sql`+credits.organization_id = ${organizationId} and credits.id in (select value from json_each(${JSON.stringify(ids)}))`)

/** The query for what invoices have taken of credits, and given back. */
export const selectDebits = ({ organizationId }: Pick<Ctx, 'organizationId'>, invoiceIds: readonly string[]): Statement =>
  selectRows(sql`
    select its.invoice_id as invoiceId, its.credit_id as creditId, its.transaction_type as transactionType, its.amount, its.entity_id as entityId
    from json_each(${JSON.stringify(invoiceIds)}) as sent cross join credit_transactions as its
      on its.organization_id = ${organizationId} and its.invoice_id = sent.value and its.transaction_type in ('DEBITED', 'CREDITED')
    order by its.created_at, its.position`)

export interface DebitRow {
  invoiceId: string
  creditId: string
  transactionType: 'DEBITED' | 'CREDITED'
  amount: string
  entityId: string | null
}

const listOfAll = defineList({
  ...LEDGER_PAGE,
  table: credits,
  key: credits.id,
  columns,
  more: ({ now }) => ({ liveStatus: statusAt(now) }),
  order: { created_at: credits.createdAt, id: credits.id },
  sort: [
    ['created_at', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { account_id: credits.accountId, id: credits.id },
  where: (values) =>
    whereReadable(values, 'account_id', values['state'] ? sql`${statusAt(values['now'])} = ${values['state']}` : sql`true`),
  token: tokenByCreation('cred.', ['account_id', 'state', 'id']),
})

/** Lists credits with the status that they have now: with a portal token, those of its customer and accounts. */
export const listCreditRows = async (
  ctx: Ctx,
  { status, ...query }: ListCreditsQuery,
): Promise<{ rows: LiveCredit[]; next: { nextToken?: string } }> => {
  const { rows, next } = await listOfAll(ctx, { ...query, state: status }, portalValues(ctx))
  return { rows: rows as LiveCredit[], next }
}

const oneCredit = prepare(['organizationId', 'id', 'now'], (at) =>
  builder
    .select({ ...readRows.selected, liveStatus: statusAt(at.now).as('liveStatus') })
    .from(credits)
    .where(and(eq(credits.organizationId, at.organizationId), eq(credits.id, at.id))),
)

const transactionsOf = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(selection(getTableColumns(creditTransactions)).selected)
    .from(creditTransactions)
    .where(and(eq(creditTransactions.organizationId, at.organizationId), eq(creditTransactions.creditId, at.id)))
    .orderBy(creditTransactions.createdAt, creditTransactions.position),
)

/** Reads a credit, and what went into it and out of it. Throws NOT_FOUND. */
export const readCredit = async (ctx: Ctx, id: string): Promise<{ row: LiveCredit; transactions: CreditTransactionRow[] }> => {
  const { organizationId, now } = ctx
  const [found, transactions] = await ctx.session.batch<object>([
    oneCredit({ organizationId, id, now }),
    transactionsOf({ organizationId, id }),
  ])
  const [row] = readCreditRows(found?.results) as LiveCredit[]
  if (!isReadable(ctx, row)) throw new ApiError('FORBIDDEN', 'This portal token does not read this credit.')
  if (!row) throw notFound('credit', id)
  return { row, transactions: (transactions?.results ?? []) as CreditTransactionRow[] }
}

const creditsOfKeys = prepare(['organizationId', 'listed', 'now'], (at) =>
  builder
    .select({ ...readRows.selected, liveStatus: statusAt(at.now).as('liveStatus') })
    .from(credits)
    .where(
      and(eq(credits.organizationId, at.organizationId), sql`${credits.idempotencyKey} in (select value from json_each(${at.listed}))`),
    ),
)

/** The query for the credits that were made with keys of the caller; `readCreditRows` reads it. */
export const selectCreditsOfKeys = ({ organizationId, now }: Ctx, keys: readonly string[]): Statement =>
  creditsOfKeys({ organizationId, listed: JSON.stringify(keys), now })

/** The query for the credits that cards have granted accounts for cycles, by the ids of the accounts and the first instants of the cycles. */
export const selectGranted = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
  cycles: readonly (readonly [accountId: string, cycleAt: number])[],
): Statement =>
  builder
    .select(readRows.selected)
    .from(credits)
    .where(
      sql`credits.organization_id = ${organizationId} and credits.source like 'grant %' and (credits.account_id, credits.effective_from) in (
        select value ->> 0, value ->> 1 from json_each(${JSON.stringify(cycles)})
      )`,
    )
