/** The sample business: Lumen, which sells an API that reads documents. All of it is made up, and is the same each time. */
export const START = '2026-08-01T00:00:00.000Z'
export const END = '2026-10-29T09:00:00.000Z'
export const DAY = 86_400_000
/** Some of these lie behind the end, which is in the middle of a day. */
export const EVENTS = 203_500

/** A generator of numbers from 0 until below 1, always the same ones (mulberry32). */
export const startRandom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export type PlanName = 'Starter' | 'Growth' | 'Enterprise'

export interface SampleAccount {
  customerId: string
  customerName: string
  id: string
  name: string
  email: string
  city: string
  country: string
  currency: 'USD' | 'EUR'
  plan: PlanName
  netTermDays: number
  seats: number
  /** How much of the usage of all is its own. */
  weight: number
  /** The day after the start on which it came. */
  since: number
}

const COMPANIES =
  `Alder & Finch|Bayside Clinics|Brightwater Insurance|Cairn Logistics|Calder Motors|Copperline Bank|Dovetail Homes|Eastgate Legal|Elmwood Schools|Fairbourne Travel|Ferrous Labs|Foxglove Media|Gannet Shipping|Greenhaven Energy|Halcyon Hotels|Harbour Freight|Hazelmere Foods|Ironbark Mining|Juniper Health|Kestrel Airways|Kingfisher Utilities|Larkspur Retail|Linden Pharma|Marlow Payroll|Meridian Notaries|Moorland Farms|Nimbus Robotics|Northlight Studios|Oakfield Council|Orchid Cosmetics|Pelham Archives|Quarry Street Books|Ravensworth Security|Redwing Couriers|Saltmarsh Fisheries|Sorrel Kitchens|Stonebridge Claims|Tamarind Tea|Thistle Broadband|Umber Architects|Vesper Music|Westering Wind|Wrenfield Estates|Yarrow Textiles`.split(
    '|',
  )
const CITIES: readonly (readonly [string, string, 'USD' | 'EUR'])[] = [
  ['Portland', 'US', 'USD'],
  ['Rotterdam', 'NL', 'EUR'],
  ['Leipzig', 'DE', 'EUR'],
  ['Austin', 'US', 'USD'],
  ['Lyon', 'FR', 'EUR'],
  ['Chicago', 'US', 'USD'],
  ['Porto', 'PT', 'EUR'],
  ['Denver', 'US', 'USD'],
]
/** The customers with a second account, and what it is called. */
const SECOND: Readonly<Record<number, string>> = {
  2: 'Claims',
  5: 'Private banking',
  9: 'Cruises',
  13: 'Solar',
  19: 'Cargo',
  36: 'Motor',
}

const slugOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]+/g, '-')

const planOf = (at: number): PlanName => (at % 9 === 4 ? 'Enterprise' : at % 3 === 1 ? 'Growth' : 'Starter')
const WEIGHTS: Readonly<Record<PlanName, number>> = { Starter: 1, Growth: 5, Enterprise: 20 }
const SEATS: Readonly<Record<PlanName, number>> = { Starter: 0, Growth: 6, Enterprise: 40 }

/** The 50 accounts of 44 customers. */
export const accounts: readonly SampleAccount[] = COMPANIES.flatMap((customerName, at) => {
  const [city = '', country = '', currency = 'USD'] = CITIES[at % CITIES.length] ?? []
  const customerId = slugOf(customerName)
  const common = {
    customerId,
    customerName,
    city,
    country,
    currency,
    netTermDays: at % 4 ? 30 : 15,
    email: `accounts@${customerId}.example`,
  }
  const make = (id: string, name: string, plan: PlanName, more: number): SampleAccount => ({
    ...common,
    id,
    name,
    plan,
    seats: SEATS[plan] + (at % 5) * (plan === 'Starter' ? 0 : 2),
    weight: WEIGHTS[plan] * (0.5 + ((at * 7 + more) % 10) / 8),
    since: at > 36 ? (at - 36) * 6 : 0,
  })
  const second = SECOND[at]
  return [
    make(customerId, customerName, planOf(at), 0),
    ...(second ? [make(`${customerId}-${slugOf(second)}`, `${customerName} ${second}`, 'Growth', 3)] : []),
  ]
})

const monthly = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 }
const both = (usd: number, eur: number) => [
  { currency: 'USD', rate: usd },
  { currency: 'EUR', rate: eur },
]
/** Slabs that begin after a quantity, each with its price for a unit in dollars and in euros. */
const slabs = (pricingModel: 'TIERED' | 'VOLUME', of: readonly (readonly [after: number, usd: number, eur: number])[]) => ({
  ratePlan: { pricingModel, slabs: of.map(([startAfter], at) => ({ order: at + 1, startAfter, priceType: 'PER_UNIT' })) },
  rateValues: [
    { currency: 'USD', slabRates: of.map(([, rate], at) => ({ order: at + 1, rate })) },
    { currency: 'EUR', slabRates: of.map(([, , rate], at) => ({ order: at + 1, rate })) },
  ],
})

/** The ids that the plans need, which the Worker gives. */
export interface PlanParts {
  pages: string
  characters: string
  storage: string
  platform: string
  support: string
  seats: string
  exports: string
}

export const plansOf = ({ pages, characters, storage, platform, support, seats, exports }: PlanParts) => {
  const fee = (id: string, name: string, usd: number, eur: number) => ({
    id,
    name,
    enableProration: true,
    invoiceTiming: 'IN_ADVANCE',
    rateValues: both(usd, eur),
  })
  const usage = (usageMeterId: string, name: string, rates: ReturnType<typeof slabs>) => ({ usageMeterId, name, ...rates })
  const common = { supportedCurrencies: ['USD', 'EUR'], pricingCycleConfig: monthly }
  return [
    {
      name: 'Starter',
      description: 'For teams that try it out: a small fee, and what is used.',
      pricePlanDetails: {
        ...common,
        fixedFeeRateCards: [fee(platform, 'platform', 49, 45)],
        usageRateCards: [
          usage(
            pages,
            'pages',
            slabs('TIERED', [
              [0, 0, 0],
              [500, 0.05, 0.046],
              [5000, 0.04, 0.037],
            ]),
          ),
          usage(storage, 'storage', slabs('TIERED', [[0, 0.02, 0.018]])),
        ],
      },
    },
    {
      name: 'Growth',
      description: 'For products that are built on it: seats, and pages that become cheaper.',
      pricePlanDetails: {
        ...common,
        fixedFeeRateCards: [fee(platform, 'platform', 299, 279)],
        licenseRateCards: [
          {
            id: seats,
            name: 'seats',
            type: 'LICENSE',
            enableProration: true,
            ...slabs('TIERED', [
              [0, 19, 17.5],
              [10, 15, 13.8],
            ]),
          },
        ],
        usageRateCards: [
          usage(
            pages,
            'pages',
            slabs('TIERED', [
              [0, 0.035, 0.032],
              [5000, 0.028, 0.026],
              [20_000, 0.02, 0.0185],
            ]),
          ),
          usage(characters, 'characters', slabs('TIERED', [[0, 0.000012, 0.000011]])),
          usage(storage, 'storage', slabs('TIERED', [[0, 0.015, 0.014]])),
        ],
      },
    },
    {
      name: 'Enterprise',
      description: 'For large volumes: one price for all pages by volume, support, and a commitment.',
      pricePlanDetails: {
        ...common,
        fixedFeeRateCards: [fee(platform, 'platform', 1490, 1390), fee(support, 'support', 500, 465)],
        licenseRateCards: [
          {
            id: seats,
            name: 'seats',
            type: 'LICENSE',
            enableProration: true,
            ...slabs('VOLUME', [
              [0, 12, 11],
              [50, 9, 8.25],
            ]),
          },
        ],
        usageRateCards: [
          usage(
            pages,
            'pages',
            slabs('VOLUME', [
              [0, 0.025, 0.023],
              [10_000, 0.018, 0.0165],
              [50_000, 0.012, 0.011],
            ]),
          ),
          usage(characters, 'characters', slabs('TIERED', [[0, 0.000008, 0.0000074]])),
          usage(storage, 'storage', slabs('TIERED', [[0, 0.01, 0.009]])),
        ],
        billingEntitlementRateCards: [
          {
            featureId: exports,
            name: 'exports',
            invoiceTiming: 'IN_ADVANCE',
            featureConfigs: [{ effectiveUntil: 'P1M', featureCreditLimit: 10_000 }],
            ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'FLAT' }] },
            rateValues: both(100, 93).map(({ currency, rate }) => ({ currency, slabRates: [{ order: 1, rate }] })),
          },
        ],
        minimumCommitment: { displayName: 'Yearly commitment, monthly part', rateValues: both(2500, 2300) },
      },
    },
  ]
}
