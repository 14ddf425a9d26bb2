import { sql } from 'drizzle-orm'
import { requireReadable } from '../../customers/accounts/service.ts'
import { changeVersioned } from '../../db/change.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { ApiError } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { settleMoneyDue } from '../money_due.ts'
import { readHolds } from './holds.ts'
import { listCreditRows, readCredit } from './queries.ts'
import type { Credit, CreditDetailsResponse, ListCreditsQuery, ListCreditsResponse } from './schema.ts'
import { type LiveCredit, showCredit, showTransaction } from './show.ts'
import { changeCredit, draftChangedCredits, restOfCredit } from './write.ts'

export { getCreditBalance } from './balance.ts'
export { readCreditsLeft } from './balances_of_accounts.ts'
export { createCredits } from './create.ts'
export { expireCredit } from './due.ts'
export { type GivenCredit, draftNewCredits, newCredit } from './write.ts'

/** Refuses to list the credits of an account that a portal token cannot read. */
const requireOwn = async (ctx: Ctx, { account_id: id }: ListCreditsQuery): Promise<void> => {
  if (!ctx.portal || id === undefined) return
  const [row] = await ctx.session.rows<{ id: string; customerId: string }>(
    selectRows(sql`select id, customer_id as customerId from accounts where organization_id = ${ctx.organizationId} and id = ${id}`),
  )
  requireReadable(ctx, row, id)
}

/** Lists credits, the newest first, page by page, with what DRAFTs would take of them now. */
export const listCredits = async (ctx: Ctx, query: ListCreditsQuery): Promise<Reply<ListCreditsResponse>> => {
  await requireOwn(ctx, query)
  const { rows, next } = await listCreditRows(ctx, query)
  const holds = await readHolds(ctx, rows)
  return { answer: { data: rows.map((row) => showCredit(row, holds.get(row.id))), ...next } }
}

/** The state of a credit that its ETag names, with what DRAFTs hold of it. */
const tagOfCredit = ({ version, liveStatus }: LiveCredit, held = '0'): string => tagOf(version, liveStatus, held)

/** Reads a credit, with what went into it and out of it. */
export const getCredit = async (ctx: Ctx, id: string): Promise<Reply<CreditDetailsResponse>> => {
  const { row, transactions } = await readCredit(ctx, id)
  const holds = await readHolds(ctx, [row])
  const held = holds.get(id)
  return { answer: { ...showCredit(row, held), transactions: transactions.map(showTransaction) }, tag: tagOfCredit(row, held) }
}

/** A credit, when all has been done that was due for the money of its account. */
const readCreditOnTime = async (ctx: Ctx, id: string): Promise<{ row: LiveCredit; tag: string }> => {
  const found = await readCredit(ctx, id)
  await settleMoneyDue(ctx, [found.row.accountId])
  const { row } = await readCredit(ctx, id)
  const holds = await readHolds(ctx, [row])
  return { row, tag: tagOfCredit(row, holds.get(id)) }
}

/** Makes what is left of a credit void. DRAFTs take nothing of it any more. */
export const voidCredit = (ctx: Ctx, id: string): Promise<Reply<Credit>> =>
  changeVersioned(ctx, {
    read: () => readCreditOnTime(ctx, id),
    tagOf: ({ tag }) => tag,
    change: ({ row }) => {
      const { liveStatus, ...before } = row
      if (liveStatus !== 'ACTIVE')
        throw new ApiError('CONFLICT', `The credit "${id}" is ${liveStatus}. Only a credit that is ACTIVE can be made void.`)
      const changed = changeCredit(ctx, before, { status: 'VOIDED' }, [{ transactionType: 'VOIDED', amount: restOfCredit(row) }])
      const { after } = changed
      return { ...draftChangedCredits(ctx, [changed]), answer: showCredit(after), tag: tagOfCredit({ ...after, liveStatus: 'VOIDED' }) }
    },
  })
