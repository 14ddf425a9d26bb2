import * as z from 'zod/mini'
import { CreatePricePlanDetails, RateCard } from '../../catalogue/price_plans/schema.ts'
import { described, identifier, int32, label, list, named, numberMap, whole } from '../../lib/fields.ts'
import { dateTime, instant } from '../../lib/time.ts'

const MOST_ENTRIES = 1000
const MOST_METERS = 1000
const MOST_LICENSES = Number.MAX_SAFE_INTEGER

const accountId = () => identifier(1, 50)

/** A time range of an account, of which something is looked up. */
const rangeOf = (id: string) =>
  named(
    id,
    z.strictObject({
      start: described('The start of the time range (inclusive).', instant()),
      end: described('The end of the time range (exclusive).', instant()),
      accountId: accountId(),
    }),
  )

/** The cycle of an account at a time, of which something is looked up. */
const cycleOf = (id: string) =>
  named(
    id,
    z.strictObject({
      cycleEffectiveOn: z.optional(described('A time in the cycle, by default now.', instant())),
      accountId: accountId(),
    }),
  )

const LOOKUPS = ['CUSTOM', 'LOOKUP_RANGE', 'LOOKUP_CYCLE'] as const

const CurrencyConfig = named(
  'CurrencyConfig',
  z.strictObject({
    mode: described(
      'CUSTOM needs currency. ACCOUNT_INVOICE needs accountId: it is the invoice currency of that.',
      z.enum(['CUSTOM', 'ACCOUNT_INVOICE']),
    ),
    currency: z.optional(label(1, 50)),
    accountId: z.optional(accountId()),
  }),
)

const PricePlanDetailsConfig = named(
  'PricePlanDetailsConfig',
  z.strictObject({
    mode: described(
      'CUSTOM needs pricePlanDetails. PRICE_PLAN needs pricePlanId, and takes the newest published version. ACCOUNT needs accountId, and takes the plan that is in force for it at effectiveOn.',
      z.enum(['CUSTOM', 'PRICE_PLAN', 'ACCOUNT']),
    ),
    pricePlanDetails: z.optional(CreatePricePlanDetails),
    pricePlanId: z.optional(label(1, 50)),
    accountId: z.optional(accountId()),
    effectiveOn: z.optional(
      described('A time at which the plan is in force for the account, by default now. Only ACCOUNT heeds it.', instant()),
    ),
    pricingCycleOrdinal: z.optional(
      described(
        'The cycle of the plan that is calculated, 1 when left out. It decides which recurring fees are charged. ACCOUNT ignores it: it is the cycle that the account is in at effectiveOn.',
        int32(1),
      ),
    ),
  }),
)

const UsageConfig = named(
  'UsageConfig',
  z.strictObject({
    mode: described('CUSTOM needs usageMap. LOOKUP_RANGE needs lookupRange. LOOKUP_CYCLE needs lookupCycle.', z.enum(LOOKUPS)),
    usageMap: z.optional(described('The usage of each usage meter, by its id. A meter that is left out has none.', numberMap(MOST_METERS))),
    lookupRange: z.optional(rangeOf('UsageConfigLookupRange')),
    lookupCycle: z.optional(cycleOf('UsageConfigLookupCycle')),
  }),
)

const LicenseEntry = named(
  'LicenseEntry',
  z.strictObject({
    licenseId: label(1, 50),
    quantity: described('How many licences there are from then on.', whole(0, MOST_LICENSES, 'int64')),
    effectiveFrom: instant(),
  }),
)
export type LicenseEntry = z.infer<typeof LicenseEntry>

const LicenseEntriesConfig = named(
  'LicenseEntriesConfig',
  z.strictObject({
    mode: described(
      'CUSTOM needs custom, which may be empty. LOOKUP_RANGE needs lookupRange. LOOKUP_CYCLE needs lookupCycle.',
      z.enum(LOOKUPS),
    ),
    custom: z.optional(list(LicenseEntry, 0, MOST_ENTRIES)),
    lookupRange: z.optional(rangeOf('LicenseEntriesConfigLookupRange')),
    lookupCycle: z.optional(cycleOf('LicenseEntriesConfigLookupCycle')),
  }),
)

/** The contract has an integer here; events give names that are texts. */
const licensedName = () =>
  described(
    'Who has the licence. A number is taken for its text.',
    z.pipe(
      z.union([label(1, 50), z.int()], 'must be 1 to 50 characters that can be seen, or a whole number'),
      z.transform((name: string | number) => String(name)),
    ),
  )

const NamedLicenseEntry = named(
  'NamedLicenseEntry',
  z.strictObject({
    licenseId: label(1, 50),
    name: licensedName(),
    effectiveFrom: instant(),
    effectiveUntil: z.optional(described('When the name ceased to have the licence. Left out: not yet.', instant())),
  }),
)
export type NamedLicenseEntry = z.infer<typeof NamedLicenseEntry>

const NamedLicenseEntriesConfig = named(
  'NamedLicenseEntriesConfig',
  z.strictObject({
    mode: described('CUSTOM needs custom. LOOKUP_RANGE needs lookupRange. LOOKUP_CYCLE needs lookupCycle.', z.enum(LOOKUPS)),
    custom: z.optional(list(NamedLicenseEntry, 0, MOST_ENTRIES)),
    lookupRange: z.optional(rangeOf('NamedLicenseEntriesConfigLookupRange')),
    lookupCycle: z.optional(cycleOf('NamedLicenseEntriesConfigLookupCycle')),
  }),
)

const ProrationConfig = named(
  'ProrationConfig',
  z.strictObject({
    mode: described('CUSTOM needs customConfig. LOOKUP_CYCLE needs lookupCycleConfig.', z.enum(['CUSTOM', 'LOOKUP_CYCLE'])),
    customConfig: z.optional(
      named(
        'ProrationConfigCustomConfig',
        z.strictObject({
          cycleStartDate: described('The instant at which the cycle begins. Its days count from then, 24 hours each.', instant()),
          cycleEndDate: described('The instant at which the cycle ends. The cycle has as many days as are nearest, at least 1.', instant()),
          currentDate: described('A time of the last day that is charged.', instant()),
        }),
      ),
    ),
    lookupCycleConfig: z.optional(
      named(
        'ProrationConfigLookupCycleConfig',
        z.strictObject({
          currentDateTime: z.optional(
            described(
              'A time of the last day that is charged, by default now, or the end of a cycle that has ended. A cycle that has not begun needs it.',
              instant(),
            ),
          ),
          cycleEffectiveOn: z.optional(described('A time in the cycle, by default now.', instant())),
          accountId: accountId(),
        }),
      ),
    ),
  }),
)

const EntitlementOverageConfig = named(
  'EntitlementOverageConfig',
  z.strictObject({
    mode: described(
      'CUSTOM needs custom, LOOKUP_CYCLE lookupCycle: the overage of an account that is billed with its cycle that ends then.',
      z.enum(['CUSTOM', 'LOOKUP_CYCLE']),
    ),
    custom: z.optional(
      list(
        named(
          'EntitlementOverageEntry',
          z.strictObject({
            featureId: label(1, 50),
            quantity: described('The units beyond those that were granted. Entries of one feature are added up.', z.number()),
          }),
        ),
        0,
        MOST_ENTRIES,
      ),
    ),
    lookupCycle: z.optional(
      named('EntitlementOverageConfigLookupCycle', z.strictObject({ billingCycleEndDate: instant(), accountId: accountId() })),
    ),
  }),
)

export const CalculateRevenueRequest = named(
  'CalculateRevenueRequest',
  z.strictObject({
    currencyConfig: CurrencyConfig,
    pricePlanDetailsConfig: PricePlanDetailsConfig,
    usageConfig: UsageConfig,
    licenseEntriesConfig: LicenseEntriesConfig,
    namedLicenseEntriesConfig: z.optional(NamedLicenseEntriesConfig),
    prorationConfig: z.optional(
      described(
        'Charges cards with enableProration for a part of a cycle, and the others for all of it. Left out: all cards are charged for a whole one.',
        ProrationConfig,
      ),
    ),
    entitlementOverageConfig: z.optional(EntitlementOverageConfig),
  }),
)
export type CalculateRevenueRequest = z.infer<typeof CalculateRevenueRequest>

const SlabRevenueSummary = named(
  'SlabRevenueSummary',
  z.strictObject({
    order: z.int(),
    usage: z.number(),
    revenue: z.number(),
    metadata: z.optional(
      named(
        'SlabRevenueMetadata',
        z.strictObject({
          minimumRateApplied: z.optional(z.boolean()),
          maximumRateApplied: z.optional(z.boolean()),
          packageQuantity: z.optional(
            described(
              'How many packages were charged. Left out where days with different numbers of them were added up to no whole number.',
              z.number().register(z.globalRegistry, { type: 'integer' }),
            ),
          ),
        }),
      ),
    ),
  }),
)
export type SlabRevenueSummary = z.infer<typeof SlabRevenueSummary>

const slabs = () => z.optional(z.array(SlabRevenueSummary))
const revenueOf = (id: string) => z.optional(named(id, z.strictObject({ revenue: z.number() })))

/** What a card comes to: by its slabs, or as one amount. */
export const summaries = {
  usages: described('The usage that was charged, by the id of its usage meter. Empty for other cards.', z.record(z.string(), z.number())),
  fixedFeeRevenueSummary: revenueOf('FixedFeeRevenueSummary'),
  licenseRevenueSummary: slabs(),
  billingEntitlementRevenueSummary: revenueOf('BillingEntitlementRevenueSummary'),
  creditGrantRevenueSummary: revenueOf('CreditGrantRevenueSummary'),
  entitlementOverageRevenueSummary: revenueOf('EntitlementOverageRevenueSummary'),
  slabRevenueSummaries: slabs(),
}

const Summaries = z.strictObject(summaries)
export type Summaries = z.infer<typeof Summaries>

export const UsageLookupRange = named('UsageLookupRange', z.strictObject({ start: dateTime(), end: dateTime() }))

export const CalculateRevenueResponseV2 = named(
  'CalculateRevenueResponseV2',
  z.strictObject({
    currency: z.string(),
    usageLookupRange: z.optional(UsageLookupRange),
    revenueInfo: described(
      'One for each rate card, the minimum commitment aside.',
      z.array(named('RevenueInfoV2', z.strictObject({ rateCard: RateCard, ...summaries }))),
    ),
  }),
)
export type CalculateRevenueResponseV2 = z.infer<typeof CalculateRevenueResponseV2>
