import { retryWhenStale } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { settleMoneyDue } from '../money_due.ts'
import { readHolds } from './holds.ts'
import { listCreditRows, readCredit } from './queries.ts'
import type { Credit, CreditDetailsResponse, ListCreditsQuery, ListCreditsResponse } from './schema.ts'
import { showCredit, showTransaction } from './show.ts'
import { changeCredit, draftChangedCredits, restOfCredit } from './write.ts'

export { getCreditBalance } from './balance.ts'
export { createCredits } from './create.ts'
export { expireCredit } from './due.ts'
export { type GivenCredit, draftNewCredits, newCredit } from './write.ts'

/** Lists credits, the newest first, page by page, with what DRAFTs would take of them now. */
export const listCredits = async (ctx: Ctx, query: ListCreditsQuery): Promise<Reply<ListCreditsResponse>> => {
  const { rows, next } = await listCreditRows(ctx, query)
  const holds = await readHolds(ctx, rows)
  return { answer: { data: rows.map((row) => showCredit(row, holds.get(row.id))), ...next } }
}

/** Reads a credit, with what went into it and out of it. */
export const getCredit = async (ctx: Ctx, id: string): Promise<Reply<CreditDetailsResponse>> => {
  const { row, transactions } = await readCredit(ctx, id)
  const holds = await readHolds(ctx, [row])
  return { answer: { ...showCredit(row, holds.get(id)), transactions: transactions.map(showTransaction) } }
}

/** Makes what is left of a credit void. DRAFTs take nothing of it any more. */
export const voidCredit = (ctx: Ctx, id: string): Promise<Reply<Credit>> =>
  retryWhenStale(async () => {
    const found = await readCredit(ctx, id)
    await settleMoneyDue(ctx, [found.row.accountId])
    const { row } = await readCredit(ctx, id)
    if (row.liveStatus !== 'ACTIVE')
      throw new ApiError('CONFLICT', `The credit "${id}" is ${row.liveStatus}. Only a credit that is ACTIVE can be made void.`)
    const { liveStatus: _status, ...before } = row
    const changed = changeCredit(ctx, before, { status: 'VOIDED' }, [{ transactionType: 'VOIDED', amount: restOfCredit(row) }])
    return commit(ctx, { ...draftChangedCredits(ctx, [changed]), answer: showCredit(changed.after) })
  })
