import * as z from 'zod/mini'
import { decimalFromNumber, formatDecimal } from '../../lib/decimal.ts'
import { described, isObject, label, list, named, text, whole } from '../../lib/fields.ts'
import { INTERVALS } from '../../rating/cycle.ts'
import { PRICE_TYPES, PRICING_MODELS, TIMINGS } from '../../rating/card.ts'

export const CARD_TYPES = [
  'MINIMUM_COMMITMENT',
  'BILLING_ENTITLEMENT',
  'CREDIT_GRANT',
  'ENTITLEMENT_OVERAGE',
  'FIXED_FEE',
  'LICENSE',
  'USAGE',
] as const

/** The most cards of a plan, and how many characters they have at most as JSON: a row of the database holds 2 MB. */
export const MOST_CARDS = 200
export const LARGEST_CARDS = 1_000_000
const MOST_CURRENCIES = 200
const MOST_SLABS = 10
const MOST_WINDOWS = 100
const MOST_CYCLES = 1200

export const InvoiceTiming = named('InvoiceTiming', z.enum(TIMINGS))
const PricingModel = named('PricingModel', z.enum(PRICING_MODELS))
const PriceType = named('PriceType', z.enum(PRICE_TYPES))
export const PricingCycleInterval = named('PricingCycleInterval', z.enum(INTERVALS))

/** The decimal text of a number: 0.0000001 where JavaScript writes 1e-7. */
const textOfNumber = (number: number): string => {
  const decimal = decimalFromNumber(number)
  return decimal ? formatDecimal(decimal) : String(number)
}

/** Decimals by their names, each as text; a number is taken for the text of it. `__proto__`, which an object cannot hold as data, is refused. */
const decimalMap = () =>
  z.pipe(
    z.transform((value: unknown, { issues }) => {
      if (!isObject(value) || Array.isArray(value)) return value
      if (Object.hasOwn(value, '__proto__'))
        issues.push({ code: 'custom', input: value, path: ['__proto__'], message: 'must have another name' })
      return Object.fromEntries(Object.entries(value).map(([name, its]) => [name, typeof its === 'number' ? textOfNumber(its) : its]))
    }),
    z.record(label(1, 50), text(100)),
  )

const limits = () =>
  z.optional(described('minimumRate and maximumRate: the least and the most that it may cost, as decimal texts.', decimalMap()))

const Slab = named(
  'Slab',
  z.strictObject({
    order: whole(1, MOST_SLABS, 'int32'),
    startAfter: described('The slab takes the units behind this one.', z.number()),
    priceType: PriceType,
    slabConfig: z.optional(described('packageSize: how many units a package holds, as decimal text. PACKAGE needs it.', decimalMap())),
  }),
)

const RatePlan = named('RatePlan', z.strictObject({ pricingModel: PricingModel, slabs: list(Slab, 1, MOST_SLABS) }))

const SlabRate = named('SlabRate', z.strictObject({ order: whole(1, MOST_SLABS, 'int32'), rate: z.number(), slabRateConfig: limits() }))

const currency = () => label(1, 3)

const RateValue = named(
  'RateValue',
  z.strictObject({ currency: currency(), slabRates: list(SlabRate, 1, MOST_SLABS), rateConfig: limits() }),
)

const CurrencyRateValue = named('CurrencyRateValue', z.strictObject({ currency: currency(), rate: z.number() }))

const RecurrenceConfig = named(
  'RecurrenceConfig',
  z.strictObject({
    interval: z.optional(described('Charged every so many cycles, 1 when left out.', whole(1, MOST_CYCLES, 'int64'))),
    offset: z.optional(described('How many cycles are free at first.', whole(0, MOST_CYCLES, 'int64'))),
  }),
)

/** The name and the texts of a card, which every family has. */
const texts = {
  displayName: z.optional(label(0, 255)),
  name: z.optional(described('The name of the card in its plan. One is made when it is left out.', label(1, 50))),
  tag: z.optional(described('Cards of one tag stand together on an invoice.', label(1, 50))),
}

const priced = { ratePlan: RatePlan, rateValues: list(RateValue, 0, MOST_CURRENCIES) }

export const UsageRateCard = named('UsageRateCard', z.strictObject({ ...texts, usageMeterId: label(1, 50), ...priced }))

export const FixedFeeRateCard = named(
  'FixedFeeRateCard',
  z.strictObject({
    id: label(1, 50),
    ...texts,
    invoiceTiming: z.optional(InvoiceTiming),
    type: z.optional(named('FixedFeeType', z.enum(['ONE_TIME', 'RECURRING']))),
    rateValues: list(CurrencyRateValue, 0, MOST_CURRENCIES),
    enableProration: described('Whether a cycle in which the plan is in force for some days only costs as much less.', z.boolean()),
    recurrenceConfig: z.optional(RecurrenceConfig),
  }),
)

const LicenseRateCardConfig = named(
  'LicenseRateCardConfig',
  z.strictObject({
    maxQuantity: z.optional(
      described(
        'The most licences that an account may have. An update that would raise their number above it is refused with 400.',
        whole(0, Number.MAX_SAFE_INTEGER, 'int64'),
      ),
    ),
    maxQuantityBreachAction: z.optional(
      described(
        'What is done with an update that would raise the number above maxQuantity. DO_NOTHING is the only action, also if it is left out: the update grants nothing.',
        named('MaxQuantityBreachAction', z.enum(['DO_NOTHING'])),
      ),
    ),
  }),
)

export const AddOnType = named('AddOnType', z.enum(['LICENSE', 'FIXED_FEE', 'CREDIT_GRANT', 'NAMED_LICENSE']))

export const LicenseRateCard = named(
  'LicenseRateCard',
  z.strictObject({
    id: label(1, 50),
    type: z.optional(AddOnType),
    ...texts,
    invoiceTiming: z.optional(InvoiceTiming),
    usageCycle: z.optional(described('Windows of a cycle that are billed each by itself.', named('UsageCycleInterval', z.enum(INTERVALS)))),
    enableProration: z.boolean(),
    config: z.optional(LicenseRateCardConfig),
    ...priced,
    proratedRefundMode: z.optional(named('ProratedRefundMode', z.enum(['NONE', 'CREDITS', 'PAYMENT', 'WALLET']))),
  }),
)

/** An ISO 8601 duration, such as P1M. */
const duration = () => label(1, 50).register(z.globalRegistry, { format: 'duration' })

const FeatureConfig = named(
  'FeatureConfig',
  z.strictObject({
    effectiveFrom: z.optional(described('From how long after the grant on the units can be used.', duration())),
    effectiveUntil: described('Until how long after the grant the units can be used.', duration()),
    featureCreditLimit: described('How many units are granted.', z.number().check(z.minimum(0))),
  }),
)

export const BillingEntitlementRateCard = named(
  'BillingEntitlementRateCard',
  z.strictObject({
    featureId: label(1, 50),
    featureConfigs: list(FeatureConfig, 1, MOST_WINDOWS),
    ...texts,
    invoiceTiming: InvoiceTiming,
    ...priced,
    recurrenceConfig: z.optional(RecurrenceConfig),
  }),
)

const BillingConfig = named(
  'BillingConfig',
  z.strictObject({
    interval: z.optional(whole(1, MOST_CYCLES, 'int64')),
    startOffset: z.optional(whole(0, MOST_CYCLES, 'int64')),
  }),
)

export const EntitlementOverageRateCard = named(
  'EntitlementOverageRateCard',
  z.strictObject({
    featureId: label(1, 50),
    ...texts,
    maxQuantity: z.optional(z.number().check(z.minimum(0))),
    ...priced,
    billingConfig: z.optional(BillingConfig),
  }),
)

const GrantDetails = named(
  'GrantDetails',
  z.strictObject({
    priority: whole(0, 100, 'int32'),
    expiryType: named('ExpiryType', z.enum(['PRICING_CYCLE', 'NO_EXPIRY', 'CUSTOM'])),
    expiryDuration: z.optional(duration()),
    applicableEntityIds: z.optional(list(label(1, 50), 0, 1000)),
  }),
)

const SlabDetail = named(
  'SlabDetail',
  z.strictObject({
    startAfter: z.number(),
    priceType: PriceType,
    slabConfig: z.optional(decimalMap()),
    rate: z.number(),
    slabRateConfig: limits(),
  }),
)

const CurrencySlabRateDetail = named(
  'CurrencySlabRateDetail',
  z.strictObject({
    currency: currency(),
    creditAmount: z.number().check(z.minimum(0)),
    slabDetails: list(SlabDetail, 0, MOST_SLABS),
    rateConfig: limits(),
  }),
)

const CreditRateDetails = named(
  'CreditRateDetails',
  z.strictObject({ pricingModel: PricingModel, currencySlabRateDetails: list(CurrencySlabRateDetail, 0, MOST_CURRENCIES) }),
)

export const CreditGrantRateCard = named(
  'CreditGrantRateCard',
  z.strictObject({
    id: label(1, 50),
    ...texts,
    grantDetails: GrantDetails,
    rateDetails: CreditRateDetails,
    invoiceTiming: z.optional(InvoiceTiming),
    type: z.optional(named('CreditGrantType', z.enum(['ONE_TIME', 'RECURRING']))),
    recurrenceConfig: z.optional(RecurrenceConfig),
  }),
)

export const MinimumCommitment = named(
  'MinimumCommitment',
  z.strictObject({ displayName: label(1, 255), rateValues: list(CurrencyRateValue, 1, MOST_CURRENCIES) }),
)

export const RateCardType = named('RateCardType', z.enum(CARD_TYPES))
export type RateCardType = z.infer<typeof RateCardType>

/** The object of each family in the details of a card. */
export const DETAILS = {
  FIXED_FEE: 'fixedFeeRateCard',
  BILLING_ENTITLEMENT: 'billingEntitlementRateCard',
  CREDIT_GRANT: 'creditGrantRateCard',
  USAGE: 'usageRateCard',
  LICENSE: 'licenseRateCard',
  ENTITLEMENT_OVERAGE: 'entitlementOverageRateCard',
  MINIMUM_COMMITMENT: 'minimumCommitmentRateCard',
} as const satisfies Record<RateCardType, string>

/** Whether the object of a family says when it is billed. The others are always billed after their cycle. */
export const HAS_TIMING: Readonly<Record<RateCardType, boolean>> = {
  FIXED_FEE: true,
  LICENSE: true,
  BILLING_ENTITLEMENT: true,
  CREDIT_GRANT: true,
  USAGE: false,
  ENTITLEMENT_OVERAGE: false,
  MINIMUM_COMMITMENT: false,
}

export const RateCardDetails = named(
  'RateCardDetails',
  z.strictObject({
    fixedFeeRateCard: z.optional(FixedFeeRateCard),
    billingEntitlementRateCard: z.optional(BillingEntitlementRateCard),
    creditGrantRateCard: z.optional(CreditGrantRateCard),
    usageRateCard: z.optional(UsageRateCard),
    licenseRateCard: z.optional(LicenseRateCard),
    entitlementOverageRateCard: z.optional(EntitlementOverageRateCard),
    minimumCommitmentRateCard: z.optional(MinimumCommitment),
  }),
)
export type RateCardDetails = z.infer<typeof RateCardDetails>

export const RateCardData = named(
  'RateCardData',
  z.strictObject({
    billableId: label(1, 50),
    type: RateCardType,
    displayName: z.optional(label(0, 255)),
    invoiceTiming: InvoiceTiming,
    rateCardDetails: RateCardDetails,
    tag: z.optional(label(1, 50)),
  }),
)
export type RateCardData = z.infer<typeof RateCardData>

/** A card as a plan keeps it. */
export interface KeptCard {
  name: string
  billableId: string
  type: RateCardType
  displayName?: string | undefined
  /** What the item was called when the card was published, if the card has no name of its own for invoices. */
  publishedName?: string | undefined
  invoiceTiming: z.infer<typeof InvoiceTiming>
  tag?: string | undefined
  rateCardDetails: RateCardDetails
}
