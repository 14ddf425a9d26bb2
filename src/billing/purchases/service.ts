import { sql } from 'drizzle-orm'
import { getAccount } from '../../customers/accounts/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import { readBalancesOfEntries } from '../feature_credits/live.ts'
import { type BegunPurchase, listAllRows, listPurchaseRows, readPurchase } from './queries.ts'
import type {
  GetPurchaseResponse,
  ListPurchasesOfAllQuery,
  ListPurchasesQuery,
  PurchasePaginatedListData,
  PurchasesOfAllAccounts,
} from './schema.ts'
import { showBoughtPlan, showListedPurchase, showPurchase, showPurchaseOfAll } from './show.ts'

export { settlePurchase } from './apply.ts'
export { createPurchase } from './create.ts'
export { endPurchases } from './ending.ts'

/** Lists what an account has bought, the newest first, page by page. */
export const listPurchases = async (ctx: Ctx, accountId: string, query: ListPurchasesQuery): Promise<Reply<PurchasePaginatedListData>> => {
  const { rows, next, context } = await listPurchaseRows(ctx, query, { account: accountId }, accountId)
  await getAccount(ctx, accountId)
  return { answer: { data: (rows as BegunPurchase[]).map(showListedPurchase), ...next, context } }
}

/** Lists what all accounts have bought, and what was proposed to them, the newest first, page by page. */
export const listAllPurchases = async (ctx: Ctx, query: ListPurchasesOfAllQuery): Promise<Reply<PurchasesOfAllAccounts>> => {
  const { rows, next, context } = await listAllRows(ctx, query)
  return { answer: { data: rows.map(showPurchaseOfAll), ...next, context } }
}

interface EntryRow {
  featureId: string
  name: string
  id: string
  granted: string
  updatedAt: number
  effectiveFrom: number
  effectiveUntil: number
}

/** Reads the credits of features that a purchase has granted, with what is left of each. */
const readFeatures = async (ctx: Ctx, { id, accountId }: BegunPurchase): Promise<NonNullable<GetPurchaseResponse['features']>> => {
  const rows = await ctx.session.rows<EntryRow>(
    selectRows(sql`
      select its.feature_id as featureId, feature.name, its.id, its.granted, its.updated_at as updatedAt, its.effective_from as effectiveFrom,
        its.effective_until as effectiveUntil
      from feature_entries as its join features as feature on feature.id = its.feature_id
      where its.organization_id = ${ctx.organizationId} and its.account_id = ${accountId} and its.purchase_id = ${id} order by its.feature_id, its.effective_from, its.id`),
  )
  const left = await readBalancesOfEntries(ctx, accountId, rows)
  return rows.map(({ featureId, name, granted, updatedAt, effectiveFrom, effectiveUntil }, index) => ({
    id: featureId,
    name,
    creditsGranted: jsonNumber(granted),
    creditsAvailable: jsonNumber(left[index] ?? '0'),
    updatedAt: iso(updatedAt),
    effectiveFrom: iso(effectiveFrom),
    effectiveUntil: iso(effectiveUntil),
  }))
}

/** Reads a purchase, with the plan as it was bought and the credits of features that it has granted. */
export const getPurchase = async (ctx: Ctx, id: string): Promise<Reply<GetPurchaseResponse>> => {
  const row = await readPurchase(ctx, id)
  const features = await readFeatures(ctx, row)
  return { answer: { ...showPurchase(row), ...showBoughtPlan(row), ...(features.length && { features }) } }
}
