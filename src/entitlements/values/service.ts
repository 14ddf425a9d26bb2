import { sql } from 'drizzle-orm'
import { cycleOn, definitionOf, readTimelinesInForce } from '../../catalogue/schedules/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type FeatureBalance, askAccounts } from '../../ledger/client.ts'
import { ZERO, add, compare, parseDecimal, requireDecimal, subtract } from '../../lib/decimal.ts'
import { dayOf } from '../../rating/cycle.ts'
import { readEntitledAccount } from '../feature_credits/service.ts'
import type { GetEntitlementValuesResponse, ValidateEntitlementValueRequest } from './schema.ts'

/** What an account is entitled to of a feature. */
interface Entitlement {
  featureId: string
  /** What is left of the credits of a feature that events use up. Left out of another one. */
  balance: FeatureBalance | undefined
  value: string
}

/** The features that the plan in force grants. */
const readGranted = async (ctx: Ctx, accountId: string): Promise<string[]> => {
  const { timelines, parts } = await readTimelinesInForce(ctx, [accountId], { accountId, at: ctx.now })
  const inForce = cycleOn(timelines.get(accountId)?.active ?? [], dayOf(ctx.now))
  const cards = inForce ? definitionOf(inForce.piece, parts).cards : []
  return cards.flatMap(({ type, billableId }) => (type === 'BILLING_ENTITLEMENT' ? [billableId] : []))
}

interface FeatureRow {
  id: string
  isMetered: number
  setting: string | null
}

/** Reads features, and what settings of the account make of them. */
const readFeatures = ({ organizationId, session }: Ctx, accountId: string, ids: readonly string[]): Promise<FeatureRow[]> =>
  session.rows<FeatureRow>(
    selectRows(sql`
      select its.id,
        exists (select 1 from event_schemas as its_schema where its_schema.organization_id = its.organization_id and its_schema.feature_id = its.id)
          as isMetered,
        (select value from settings where settings.organization_id = its.organization_id and settings.entity_type = 'ACCOUNT'
          and settings.entity_id = ${accountId} and settings.namespace = 'USER' and settings.id = its.id) as setting
      from json_each(${JSON.stringify(ids)}) as sent
      cross join features as its on its.organization_id = ${organizationId} and its.id = sent.value
      order by its.id`),
  )

const noCredits = (feature: string): FeatureBalance => ({ feature, granted: '0', balance: '0', usedOverage: '0' })

/** What an account is entitled to now: what its plan grants, and what it has credits of (pricing.md, 3.4). An archived one can use nothing. */
const readEntitlements = async (ctx: Ctx, accountId: string, featureId?: string): Promise<Entitlement[]> => {
  const { ledger, isArchived } = await readEntitledAccount(ctx, accountId, featureId)
  if (isArchived) return []
  const [granted, balances] = await Promise.all([
    readGranted(ctx, accountId),
    askAccounts(ctx, ledger, (its) => its.readBalances(accountId, ctx.now, featureId)),
  ])
  const balanceOf = new Map(balances.map((balance) => [balance.feature, balance]))
  const held = [...new Set([...granted, ...balanceOf.keys()])].filter((id) => featureId === undefined || id === featureId)
  return (await readFeatures(ctx, accountId, held)).map(({ id, isMetered, setting }): Entitlement => {
    const balance = isMetered ? (balanceOf.get(id) ?? noCredits(id)) : undefined
    return { featureId: id, balance, value: balance?.balance ?? setting ?? 'true' }
  })
}

const show = (entitlements: readonly Entitlement[]): Reply<GetEntitlementValuesResponse> => ({
  answer: { data: entitlements.map(({ featureId, value }) => ({ featureId, value })) },
})

export const getEntitlements = async (ctx: Ctx, accountId: string): Promise<Reply<GetEntitlementValuesResponse>> =>
  show(await readEntitlements(ctx, accountId))

/** The value of one feature: an empty list if the account does not have it. */
export const getEntitlementValue = async (ctx: Ctx, accountId: string, featureId: string): Promise<Reply<GetEntitlementValuesResponse>> =>
  show(await readEntitlements(ctx, accountId, featureId))

/** Whether a value is a number of units that could be used now, with the overage that is left. */
const isEnough = ({ balance, usedOverage, overageLimit }: FeatureBalance, value: string): boolean => {
  const wanted = parseDecimal(value)
  if (!wanted || wanted.coefficient < 0n) return false
  if (overageLimit === null) return true
  const overage = overageLimit === undefined ? ZERO : subtract(requireDecimal(overageLimit), requireDecimal(usedOverage))
  return compare(wanted, add(requireDecimal(balance), overage.coefficient < 0n ? ZERO : overage)) <= 0
}

/** Says whether an account is entitled to a value of a feature. Nothing is used up by that. */
export const validateEntitlementValue = async (
  ctx: Ctx,
  accountId: string,
  featureId: string,
  { value }: ValidateEntitlementValueRequest,
): Promise<Reply<{ success: boolean }>> => {
  const [entitlement] = await readEntitlements(ctx, accountId, featureId)
  if (!entitlement) return { answer: { success: false } }
  const { balance } = entitlement
  return { answer: { success: balance ? isEnough(balance, value) : value === entitlement.value } }
}
