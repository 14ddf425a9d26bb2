import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { formatDecimal, requireDecimal, subtract, sumDecimals } from '../../lib/decimal.ts'
import { type DebitRow, readCreditRows, selectCredits, selectDebits } from './queries.ts'
import { type ChangedCredit, type Transaction, changeCredit, draftChangedCredits, dueOfCredits } from './write.ts'

/** Drafts that what an invoice has taken of credits goes back into them. What goes into a credit that has ended is lost with it. */
export const draftReleases = async (
  ctx: Ctx,
  invoiceId: string,
): Promise<Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>>> => {
  const debits = await ctx.session.rows<DebitRow>(selectDebits(ctx, [invoiceId]))
  const taken = Map.groupBy(debits, ({ creditId }) => creditId)
  if (!taken.size) return { statements: [], changes: [], due: [] }
  const rows = readCreditRows(await ctx.session.rows(selectCredits(ctx, [...taken.keys()])))
  const changed = rows.flatMap((row): ChangedCredit[] => {
    const its = taken.get(row.id) ?? []
    if (its.some(({ transactionType }) => transactionType === 'CREDITED')) return []
    const amount = sumDecimals(its.map((one) => one.amount))
    const consumed = formatDecimal(subtract(requireDecimal(row.consumed), requireDecimal(amount)))
    const ended = row.status === 'EXPIRED' || row.status === 'VOIDED' ? row.status : undefined
    const transactions: Transaction[] = [
      { transactionType: 'CREDITED', amount, invoiceId },
      ...(ended ? [{ transactionType: ended, amount }] : []),
    ]
    return [changeCredit(ctx, row, { consumed, status: ended ?? 'ACTIVE' }, transactions)]
  })
  return {
    ...draftChangedCredits(ctx, changed),
    due: dueOfCredits(
      ctx,
      changed.flatMap(({ after }) => (after.status === 'ACTIVE' ? [after] : [])),
    ),
  }
}
