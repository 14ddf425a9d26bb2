import { displayNameOf } from '../../catalogue/price_plans/service.ts'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { readCard } from '../../catalogue/rate_cards/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { decimalFromNumber, formatDecimal, sumDecimals } from '../../lib/decimal.ts'
import { refuseFaults } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import { type RatingInput, rateCard } from '../../rating/rate.ts'
import { chooseCycle, moveToCycle } from './cycle.ts'
import { type Licenses, chargeLicenses, findEntries, moveLicenses } from './licenses.ts'
import { readCurrency, readNames, readUsage } from './lookup.ts'
import { findRequestFaults } from './modes.ts'
import { type CalculatedPlan, choosePlan } from './plan.ts'
import { summarize } from './revenue.ts'
import type { CalculateRevenueRequest, CalculateRevenueResponseV2, Summaries } from './schema.ts'

const textOf = (number: number): string => formatDecimal(decimalFromNumber(number) ?? { coefficient: 0n, scale: 0 })

/** An object without the names that every object has, which ids can be. */
const byId = <Value>(entries: Iterable<readonly [string, Value]>): Record<string, Value> =>
  Object.assign(Object.create(null) as Record<string, Value>, Object.fromEntries(entries))

const chooseCurrency = ({ currencyConfig: { mode, currency = '', accountId = '' } }: CalculateRevenueRequest, ctx: Ctx): Promise<string> =>
  mode === 'CUSTOM' ? Promise.resolve(currency) : readCurrency(ctx, accountId)

const refuseCurrency = (
  { currencyConfig: { mode } }: CalculateRevenueRequest,
  currency: string,
  { definition: { supportedCurrencies } }: CalculatedPlan,
): void => {
  if (supportedCurrencies.includes(currency)) return
  const supported = `the plan supports ${supportedCurrencies.join(', ')}`
  refuseFaults('INVALID', [
    mode === 'CUSTOM'
      ? { path: ['currencyConfig', 'currency'], message: `must be a currency of the plan: ${supported}` }
      : { path: ['currencyConfig', 'accountId'], message: `the invoice currency of the account is ${currency}, and ${supported}` },
  ])
}

const chooseUsage = async (
  { usageConfig: { mode, usageMap = {}, lookupRange } }: CalculateRevenueRequest,
  ctx: Ctx,
  plan: CalculatedPlan,
) => {
  const meterIds = plan.definition.cards.filter(({ type }) => type === 'USAGE').map(({ billableId }) => billableId)
  return mode === 'LOOKUP_RANGE' && lookupRange
    ? readUsage(ctx, lookupRange, meterIds)
    : Object.entries(usageMap).map(([id, number]) => [id, textOf(number)] as const)
}

const chooseLicenses = async (
  { licenseEntriesConfig: { custom: counted = [] }, namedLicenseEntriesConfig: its }: CalculateRevenueRequest,
  ctx: Ctx,
): Promise<Licenses> => ({
  counted,
  named:
    its?.mode === 'LOOKUP_RANGE' && its.lookupRange
      ? await readNames(ctx, its.lookupRange)
      : (its?.custom ?? []).map(({ effectiveFrom: from, effectiveUntil: until = null, ...rest }) => ({ ...rest, from, until })),
})

const overageOf = ({ entitlementOverageConfig: its }: CalculateRevenueRequest): Record<string, string> => {
  const byFeature = Map.groupBy(its?.custom ?? [], ({ featureId }) => featureId)
  return byId([...byFeature].map(([id, entries]) => [id, sumDecimals(entries.map(({ quantity }) => textOf(quantity)))] as const))
}

/** A calculated plan: what each of its cards comes to. */
export interface Calculation {
  plan: CalculatedPlan
  currency: string
  usageLookupRange?: { start: string; end: string }
  cards: readonly { kept: KeptCard; summaries: Summaries }[]
}

/** Calculates what the cards of a plan come to in a cycle. Nothing is stored, and nothing is cut to a minor unit. */
export const calculate = async (ctx: Ctx, input: CalculateRevenueRequest): Promise<Calculation> => {
  refuseFaults('INVALID', findRequestFaults(input))
  const [plan, currency, held] = await Promise.all([
    choosePlan(ctx, input.pricePlanDetailsConfig),
    chooseCurrency(input, ctx),
    chooseLicenses(input, ctx),
  ])
  refuseCurrency(input, currency, plan)
  const { definition, items } = plan
  const sent = input.prorationConfig?.customConfig
  const licenses = sent ? moveLicenses(held, (time) => moveToCycle(sent, time)) : held
  const { whole, part } = chooseCycle(input, definition, findEntries(licenses) ?? [ctx.now, ctx.now])
  const rating: Omit<RatingInput, 'cycle'> = {
    currency,
    usage: byId(await chooseUsage(input, ctx, plan)),
    licenses: {},
    overage: overageOf(input),
  }
  const isPurchase = definition.type === 'PURCHASE'
  const cards = definition.cards.flatMap((kept) => {
    const card = readCard(kept, { displayName: displayNameOf(kept, items), isPurchase })
    if (!card || card.type === 'MINIMUM_COMMITMENT') return []
    const isProrated = sent !== undefined && 'isProrated' in card && card.isProrated
    const cycle = isProrated ? part : whole
    if (card.type !== 'LICENSE') return [{ kept, summaries: summarize(kept, card, rateCard(card, { ...rating, cycle })) }]
    const type = kept.rateCardDetails.licenseRateCard?.type ?? items.find(({ id }) => id === kept.billableId)?.type ?? undefined
    const charged = chargeLicenses(card, { licenses, type, cycle, isProrated })
    const rated = rateCard(charged.card, { ...rating, cycle, licenses: byId([[card.billableId, charged.use]]) })
    return [{ kept, summaries: summarize(kept, card, rated) }]
  })
  const { mode, lookupRange } = input.usageConfig
  return {
    plan,
    currency,
    ...(mode === 'LOOKUP_RANGE' && lookupRange && { usageLookupRange: { start: iso(lookupRange.start), end: iso(lookupRange.end) } }),
    cards,
  }
}

/** Answers what the cards of a plan come to in a cycle. */
export const calculateRevenueV2 = async (ctx: Ctx, input: CalculateRevenueRequest): Promise<Reply<CalculateRevenueResponseV2>> => {
  const { plan, currency, usageLookupRange, cards } = await calculate(ctx, input)
  return {
    answer: {
      currency,
      ...(usageLookupRange && { usageLookupRange }),
      revenueInfo: cards.map(({ kept, summaries }) => ({ rateCard: plan.show(kept), ...summaries })),
    },
  }
}
