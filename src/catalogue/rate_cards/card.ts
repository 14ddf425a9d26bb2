import type * as z from 'zod/mini'
import { decimalFromNumber, formatDecimal } from '../../lib/decimal.ts'
import type { Card, Limits, Prices, Rates, Recurrence, Slab } from '../../rating/card.ts'
import type { KeptCard, RateCardDetails, UsageRateCard } from './schema.ts'

type Nested<Family extends keyof RateCardDetails> = NonNullable<RateCardDetails[Family]>
type Priced = Pick<z.infer<typeof UsageRateCard>, 'ratePlan' | 'rateValues'>

/** The decimal text of a number of JSON: 0.0000001 for 1e-7. */
const textOf = (number: number): string => formatDecimal(decimalFromNumber(number) ?? { coefficient: 0n, scale: 0 })

const limitsOf = (config: Readonly<Record<string, string>> | undefined): Limits => {
  const { minimumRate, maximumRate } = config ?? {}
  return { ...(minimumRate !== undefined && { minimum: minimumRate }), ...(maximumRate !== undefined && { maximum: maximumRate }) }
}

const slabOf = (
  order: number,
  {
    startAfter,
    priceType,
    slabConfig,
  }: { startAfter: number; priceType: Slab['priceType']; slabConfig?: Record<string, string> | undefined },
): Slab => {
  const packageSize = slabConfig?.['packageSize']
  return { order, startAfter: textOf(startAfter), priceType, ...(packageSize !== undefined && { packageSize }) }
}

const pricesOf = ({ ratePlan, rateValues }: Priced): Prices => ({
  model: ratePlan.pricingModel,
  slabs: ratePlan.slabs.map((slab) => slabOf(slab.order, slab)),
  rates: Object.fromEntries(
    rateValues.map(({ currency, slabRates, rateConfig }): [string, Rates] => [
      currency,
      {
        slabRates: slabRates.map(({ order, rate, slabRateConfig }) => ({ order, rate: textOf(rate), limits: limitsOf(slabRateConfig) })),
        limits: limitsOf(rateConfig),
      },
    ]),
  ),
})

const ratesOf = (values: readonly { currency: string; rate: number }[]): Record<string, string> =>
  Object.fromEntries(values.map(({ currency, rate }) => [currency, textOf(rate)]))

const recurrenceOf = (config: { interval?: number | undefined; offset?: number | undefined } | undefined, isOnce: boolean): Recurrence => ({
  isOnce,
  interval: config?.interval ?? 1,
  offset: config?.offset ?? 0,
})

/** What a kept card is to the rating: `displayName` is that of what it prices, and `isPurchase` says whether its plan is bought once. */
export const readCard = (kept: KeptCard, { displayName, isPurchase }: { displayName: string; isPurchase: boolean }): Card | undefined => {
  const { name, billableId, invoiceTiming: timing, tag, rateCardDetails: details } = kept
  const common = { name, billableId, displayName: kept.displayName || displayName, ...(tag !== undefined && { tag }) }
  const one = <Family extends keyof RateCardDetails>(family: Family, read: (nested: Nested<Family>) => Card): Card | undefined => {
    const nested = details[family] as Nested<Family> | undefined
    return nested && read(nested)
  }
  switch (kept.type) {
    case 'USAGE':
      return one('usageRateCard', (nested) => ({ ...common, type: 'USAGE', ...pricesOf(nested) }))
    case 'FIXED_FEE':
      return one('fixedFeeRateCard', ({ type, rateValues, enableProration, recurrenceConfig }) => ({
        ...common,
        type: 'FIXED_FEE',
        timing,
        fees: ratesOf(rateValues),
        isProrated: enableProration,
        recurrence: recurrenceOf(recurrenceConfig, (type ?? (isPurchase ? 'ONE_TIME' : 'RECURRING')) === 'ONE_TIME'),
      }))
    case 'LICENSE':
      return one('licenseRateCard', (nested) => ({
        ...common,
        type: 'LICENSE',
        timing,
        ...pricesOf(nested),
        isProrated: nested.enableProration,
        ...(nested.usageCycle && { usageCycle: nested.usageCycle }),
      }))
    case 'BILLING_ENTITLEMENT':
      return one('billingEntitlementRateCard', (nested) => ({
        ...common,
        type: 'BILLING_ENTITLEMENT',
        timing,
        ...pricesOf(nested),
        grants: nested.featureConfigs.map(({ featureCreditLimit }) => textOf(featureCreditLimit)),
        recurrence: recurrenceOf(nested.recurrenceConfig, false),
      }))
    case 'ENTITLEMENT_OVERAGE':
      return one('entitlementOverageRateCard', (nested) => ({
        ...common,
        type: 'ENTITLEMENT_OVERAGE',
        ...pricesOf(nested),
        billing: { interval: nested.billingConfig?.interval ?? 1, offset: nested.billingConfig?.startOffset ?? 0 },
      }))
    case 'CREDIT_GRANT':
      return one('creditGrantRateCard', ({ type, rateDetails, recurrenceConfig }) => ({
        ...common,
        type: 'CREDIT_GRANT',
        timing,
        model: rateDetails.pricingModel,
        credits: Object.fromEntries(
          rateDetails.currencySlabRateDetails.map(({ currency, creditAmount, slabDetails, rateConfig }) => [
            currency,
            {
              creditAmount: textOf(creditAmount),
              slabs: slabDetails.map((slab, index) => slabOf(index + 1, slab)),
              rates: {
                slabRates: slabDetails.map(({ rate, slabRateConfig }, index) => ({
                  order: index + 1,
                  rate: textOf(rate),
                  limits: limitsOf(slabRateConfig),
                })),
                limits: limitsOf(rateConfig),
              },
            },
          ]),
        ),
        recurrence: recurrenceOf(recurrenceConfig, type === 'ONE_TIME'),
      }))
    case 'MINIMUM_COMMITMENT':
    default:
      return one('minimumCommitmentRateCard', ({ displayName: own, rateValues }) => ({
        ...common,
        displayName: own,
        type: 'MINIMUM_COMMITMENT',
        amounts: ratesOf(rateValues),
      }))
  }
}
