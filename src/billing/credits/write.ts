import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Change, Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, setDue } from '../../db/due.ts'
import { insertInto, selectRows } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { formatDecimal, requireDecimal, subtract, sumDecimals } from '../../lib/decimal.ts'
import { newId } from '../../lib/ids.ts'
import { writeDay, dayOf } from '../../rating/cycle.ts'
import { type CreditPool, isUsedUp } from './pool.ts'
import { type CreditRow, type CreditTransactionRow, creditTransactions, credits } from './table.ts'

/** The kind of due work that lets a credit expire. Its subject is the id of the credit. */
const CREDIT_DUE = 'CREDIT'

const insertCredits = insertInto(credits)
const insertTransactions = insertInto(creditTransactions)

type Write = Pick<Draft<object>, 'statements' | 'changes'>

/** What is recorded of a credit. */
const recorded = (row: CreditRow) => ({
  accountId: row.accountId,
  purpose: row.purpose,
  priority: row.priority,
  status: row.status,
  creditAmount: row.amount,
  consumedAmount: row.consumed,
  creditUnit: row.unit,
  effectiveFrom: writeDay(dayOf(row.effectiveFrom)),
  effectiveUntil: row.effectiveUntil === null ? null : writeDay(dayOf(row.effectiveUntil)),
  applicableEntityIds: row.applicable.length ? row.applicable : null,
  grantorId: row.grantorId,
})

const recordCredit = (before: CreditRow | undefined, after: CreditRow): Change => ({
  type: 'CREDIT',
  id: after.id,
  fields: differences(before && recorded(before), recorded(after)),
})

/** What goes into a credit, or out of it. */
export type Transaction = Pick<CreditTransactionRow, 'transactionType' | 'amount'> & Partial<CreditTransactionRow>

const transactionsOf = ({ organizationId, now }: Ctx, { id, version }: CreditRow, all: readonly Transaction[]): CreditTransactionRow[] =>
  all.map((one, index) => ({
    id: newId('CREDIT_TRANSACTION', now),
    organizationId,
    creditId: id,
    invoiceId: null,
    entityId: null,
    position: version * 1000 + index,
    createdAt: now,
    ...one,
  }))

/** A credit that is given: what is not said is as of a credit for everything that is used first and never ends. */
export type GivenCredit = Pick<CreditRow, 'accountId' | 'customerId' | 'purpose' | 'amount' | 'unit' | 'effectiveFrom'> & Partial<CreditRow>

export const newCredit = ({ organizationId, now }: Ctx, given: GivenCredit): CreditRow => ({
  id: newId('CREDIT', now),
  organizationId,
  priority: 1,
  status: 'ACTIVE',
  consumed: '0',
  effectiveUntil: null,
  applicable: [],
  grantorId: null,
  source: null,
  idempotencyKey: null,
  fingerprint: null,
  createdAt: now,
  updatedAt: now,
  version: 1,
  ...given,
})

/** When credits expire that have an end: then, or at once if that is over. */
export const dueOfCredits = ({ now }: Ctx, rows: readonly CreditRow[]): Due[] =>
  rows.flatMap(({ id, effectiveUntil }) =>
    effectiveUntil === null ? [] : [{ kind: CREDIT_DUE, subject: id, dueAt: Math.max(effectiveUntil, now) }],
  )

/** Drafts that credits are given. The due work is not in it, but in `dueOfCredits`. */
export const draftNewCredits = (ctx: Ctx, rows: readonly CreditRow[]): Write => ({
  statements: rows.length
    ? [
        insertCredits(rows),
        insertTransactions(rows.flatMap((row) => transactionsOf(ctx, row, [{ transactionType: 'CREDITED', amount: row.amount }]))),
      ]
    : [],
  changes: rows.map((row) => recordCredit(undefined, row)),
})

/** A credit after a write. */
export interface ChangedCredit {
  before: CreditRow
  after: CreditRow
  transactions: readonly Transaction[]
}

/** Drafts changes of credits. It is STALE if one of them was changed meanwhile. */
export const draftChangedCredits = (ctx: Ctx, changed: readonly ChangedCredit[]): Write => {
  if (!changed.length) return { statements: [], changes: [] }
  const sent = JSON.stringify(changed.map(({ after: { id, consumed, status, version } }) => [id, consumed, status, version]))
  const transactions = changed.flatMap((one) => transactionsOf(ctx, one.after, one.transactions))
  return {
    statements: [
      selectRows(sql`
        update credits set consumed = sent.value ->> 1, status = sent.value ->> 2, version = sent.value ->> 3, updated_at = ${ctx.now}
        from json_each(${sent}) as sent where credits.organization_id = ${ctx.organizationId} and credits.id = sent.value ->> 0`),
      ...(transactions.length ? [insertTransactions(transactions)] : []),
    ],
    changes: changed.map(({ before, after }) => recordCredit(before, after)),
  }
}

/** A credit with another amount consumed of it, or another status, as of now. */
export const changeCredit = (
  { now }: Ctx,
  before: CreditRow,
  set: Partial<CreditRow>,
  transactions: readonly Transaction[],
): ChangedCredit => ({
  before,
  after: { ...before, ...set, updatedAt: now, version: before.version + 1 },
  transactions,
})

/** What is left of a credit that has not been consumed. */
export const restOfCredit = ({ amount, consumed }: Pick<CreditRow, 'amount' | 'consumed'>): string =>
  formatDecimal(subtract(requireDecimal(amount), requireDecimal(consumed)))

/** Drafts that invoices that fall due have taken from the credits of pools. Its statements come after those of the invoices. */
export const draftDraws = (ctx: Ctx, pools: Iterable<CreditPool>): Write =>
  draftChangedCredits(
    ctx,
    [...pools].flatMap(({ rows, draws }) =>
      [...Map.groupBy(draws, ({ creditId }) => creditId)].flatMap(([id, its]): ChangedCredit[] => {
        const row = rows.get(id)
        if (!row) return []
        const consumed = sumDecimals([row.consumed, ...its.map(({ amount }) => amount)])
        const transactions = its.flatMap(({ invoiceId, amount, lines }): Transaction[] =>
          lines.length
            ? lines.map(([entityId, part]) => ({ transactionType: 'DEBITED', amount: part, invoiceId, entityId }))
            : [{ transactionType: 'DEBITED', amount, invoiceId }],
        )
        return [changeCredit(ctx, row, { consumed, status: isUsedUp(row.amount, consumed) ? 'CONSUMED' : 'ACTIVE' }, transactions)]
      }),
    ),
  )

/** The statements that let credits expire that are given in a step of due work. */
export const setDueOfCredits = (ctx: Ctx, rows: readonly CreditRow[]): Statement[] => setDue(ctx, dueOfCredits(ctx, rows))
