import { displayNameOf } from '../../catalogue/price_plans/service.ts'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { readCard } from '../../catalogue/rate_cards/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { decimalFromNumber, formatDecimal, sumDecimals } from '../../lib/decimal.ts'
import { refuseFaults } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import type { KindedGeneration } from '../../ledger/client.ts'
import { type RatingInput, rateCard } from '../../rating/rate.ts'
import { listOverage, readOverage, sumOverage } from '../feature_credits/overage.ts'
import { type FoundAccounts, type PlanInForce, readAccounts } from './accounts.ts'
import { chooseCycles, findCurrentFaults, moveToCycle } from './cycle.ts'
import { type Licenses, chargeLicenses, moveLicenses } from './licenses.ts'
import { readCounted, readGenerations, readNames, readUsage } from './lookup.ts'
import { findRequestFaults } from './modes.ts'
import { type CalculatedPlan, choosePlan, takePlanInForce } from './plan.ts'
import { summarize } from './revenue.ts'
import type { CalculateRevenueRequest, CalculateRevenueResponseV2, Summaries } from './schema.ts'

const textOf = (number: number): string => formatDecimal(decimalFromNumber(number) ?? { coefficient: 0n, scale: 0 })

/** An object without the names that every object has, which ids can be. */
const byId = <Value>(entries: Iterable<readonly [string, Value]>): Record<string, Value> =>
  Object.assign(Object.create(null) as Record<string, Value>, Object.fromEntries(entries))

const chooseCurrency = (
  { currencyConfig: { mode, currency = '' } }: CalculateRevenueRequest,
  { invoiceCurrency = '' }: FoundAccounts,
  { definition: { supportedCurrencies } }: CalculatedPlan,
): string => {
  const chosen = mode === 'CUSTOM' ? currency : invoiceCurrency
  if (supportedCurrencies.includes(chosen)) return chosen
  const supported = `the plan supports ${supportedCurrencies.join(', ')}`
  refuseFaults('INVALID', [
    mode === 'CUSTOM'
      ? { path: ['currencyConfig', 'currency'], message: `must be a currency of the plan: ${supported}` }
      : { path: ['currencyConfig', 'accountId'], message: `the invoice currency of the account is ${chosen}, and ${supported}` },
  ])
  return chosen
}

const idsOf = ({ definition: { cards } }: CalculatedPlan, family: KeptCard['type']): string[] =>
  cards.filter(({ type }) => type === family).map(({ billableId }) => billableId)

/** What a request says of usage and licences, sent or looked up. */
const chooseUse = async (
  ctx: Ctx,
  input: CalculateRevenueRequest,
  generations: readonly KindedGeneration[],
  accounts: FoundAccounts,
  plan: CalculatedPlan,
) => {
  const { usage, counted, named } = accounts
  const [units, numbers, names] = await Promise.all([
    usage
      ? readUsage(ctx, generations, usage, idsOf(plan, 'USAGE'))
      : Object.entries(input.usageConfig.usageMap ?? {}).map(([id, number]) => [id, textOf(number)] as const),
    counted
      ? readCounted(ctx, counted, idsOf(plan, 'LICENSE'))
      : (input.licenseEntriesConfig.custom ?? []).map(({ licenseId, quantity, effectiveFrom: at }) => ({
          licenseId,
          at,
          quantity: String(quantity),
        })),
    named
      ? readNames(ctx, generations, named)
      : (input.namedLicenseEntriesConfig?.custom ?? []).map(({ effectiveFrom: from, effectiveUntil: until = null, ...rest }) => ({
          ...rest,
          from,
          until,
        })),
  ])
  return { usage: byId(units), licenses: { counted: numbers, named: names } satisfies Licenses }
}

/** The units beyond the credits: as they are sent, or those that were used until the end of a cycle since overage was billed last. */
const chooseOverage = async (
  ctx: Ctx,
  { entitlementOverageConfig: its }: CalculateRevenueRequest,
  generations: readonly KindedGeneration[],
  { overage: inForce }: FoundAccounts,
  { definition: { cards } }: CalculatedPlan,
): Promise<Record<string, string>> => {
  if (inForce) {
    const { accountId, createdAt } = inForce
    const [rows = []] = await readOverage(ctx, generations, [{ accountId, createdAt, overage: listOverage(inForce, cards) }])
    return sumOverage(rows)
  }
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
  const { usageConfig, namedLicenseEntriesConfig: named, entitlementOverageConfig: overage } = input
  const asksLedgers = usageConfig.mode !== 'CUSTOM' || (named !== undefined && named.mode !== 'CUSTOM') || overage?.mode === 'LOOKUP_CYCLE'
  const [accounts, chosen, generations] = await Promise.all([
    readAccounts(ctx, input),
    choosePlan(ctx, input.pricePlanDetailsConfig),
    asksLedgers ? readGenerations(ctx) : [],
  ])
  refuseFaults('NOT_FOUND', accounts.faults)
  refuseFaults('INVALID', findCurrentFaults(input, accounts, ctx.now))
  const plan = chosen ?? takePlanInForce(accounts.plan as PlanInForce)
  const currency = chooseCurrency(input, accounts, plan)
  const { definition, items } = plan
  const { prorationConfig: proration } = input
  const sent = proration?.mode === 'CUSTOM' ? proration.customConfig : undefined
  const use = await chooseUse(ctx, input, generations, accounts, plan)
  const licenses = sent ? moveLicenses(use.licenses, (time) => moveToCycle(sent, time)) : use.licenses
  const cycles = chooseCycles(input, plan, accounts, licenses, ctx.now)
  const rating: Omit<RatingInput, 'cycle'> = {
    currency,
    usage: use.usage,
    licenses: {},
    overage: await chooseOverage(ctx, input, generations, accounts, plan),
  }
  const isPurchase = definition.type === 'PURCHASE'
  const cards = definition.cards.flatMap((kept) => {
    const read = readCard(kept, { displayName: displayNameOf(kept, items), isPurchase })
    if (!read || read.type === 'MINIMUM_COMMITMENT') return []
    const isProrated = proration !== undefined && 'isProrated' in read && read.isProrated
    const card = 'isProrated' in read ? { ...read, isProrated } : read
    const cycle = isProrated ? cycles.part : cycles.whole
    if (card.type !== 'LICENSE') return [{ kept, summaries: summarize(card, rateCard(card, { ...rating, cycle })) }]
    const type = kept.rateCardDetails.licenseRateCard?.type ?? items.find(({ id }) => id === kept.billableId)?.type ?? undefined
    const its = isProrated ? { counted: cycle, named: cycle } : cycles.licenses
    const charged = chargeLicenses(card, { licenses, type, cycles: its })
    const rated = rateCard(charged.card, { ...rating, cycle: charged.cycle, licenses: byId([[card.billableId, charged.use]]) })
    return [{ kept, summaries: summarize(card, rated) }]
  })
  const { usage } = accounts
  return { plan, currency, ...(usage && { usageLookupRange: { start: iso(usage.start), end: iso(usage.end) } }), cards }
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
