import type { Ctx } from '../../db/context.ts'
import { formatDecimal } from '../../lib/decimal.ts'
import { readHeldCredits } from '../invoices/drafts.ts'
import type { CreditRow } from './table.ts'

/** Reads what DRAFTs would take of credits now, by the ids of the credits. */
export const readHolds = async (ctx: Ctx, rows: readonly CreditRow[]): Promise<Map<string, string>> => {
  const accountIds = [...new Set(rows.flatMap(({ status, accountId }) => (status === 'ACTIVE' ? [accountId] : [])))]
  if (!accountIds.length) return new Map()
  const pools = await readHeldCredits(ctx, accountIds)
  return new Map([...pools].flatMap(({ held }) => [...held].map(([id, amount]): [string, string] => [id, formatDecimal(amount)])))
}
