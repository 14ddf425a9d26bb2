import { type Decimal, compare, decimalFromNumber, parseDecimal } from '../../lib/decimal.ts'
import type { Fault } from '../../lib/errors.ts'
import { DATE, addDuration } from '../../logic/dates.ts'
import { INTERVALS, type Interval } from '../../rating/cycle.ts'
import type { KeptCard } from './schema.ts'

type Path = Fault['path']

export const fault = (path: Path, message: string): Fault => ({ path, message })

const decimal = (number: number): Decimal => decimalFromNumber(number) ?? { coefficient: 0n, scale: 0 }

const LIMITS: ReadonlySet<string> = new Set(['minimumRate', 'maximumRate'])

const findLimitFaults = (path: Path, config: Readonly<Record<string, string>> | undefined): Fault[] => {
  if (!config) return []
  const wrong = Object.entries(config).flatMap(([name, value]) => {
    if (!LIMITS.has(name)) return [fault([...path, name], 'is not a known name: minimumRate and maximumRate are')]
    return parseDecimal(value) ? [] : [fault([...path, name], 'must be a decimal number as text, such as "12.5"')]
  })
  const [least, most] = ['minimumRate', 'maximumRate'].map((name) => parseDecimal(config[name] ?? ''))
  return least && most && compare(least, most) > 0 ? [...wrong, fault([...path, 'maximumRate'], 'must not be below minimumRate')] : wrong
}

interface SlabShape {
  startAfter: number
  priceType: string
  slabConfig?: Readonly<Record<string, string>> | undefined
}

const findSlabFaults = (path: Path, slabs: readonly SlabShape[]): Fault[] =>
  slabs.flatMap(({ startAfter, priceType, slabConfig }, index) => {
    const its = [...path, index]
    const before = slabs[index - 1]
    const size = parseDecimal(slabConfig?.['packageSize'] ?? '')
    return [
      ...(startAfter < 0 ? [fault([...its, 'startAfter'], 'must not be below 0')] : []),
      ...(before && compare(decimal(startAfter), decimal(before.startAfter)) <= 0
        ? [fault([...its, 'startAfter'], 'must be above that of the slab before')]
        : []),
      ...(priceType === 'PACKAGE' && !(size && size.coefficient > 0n)
        ? [fault([...its, 'slabConfig', 'packageSize'], 'must be a decimal number above 0 as text, such as "1000"')]
        : []),
    ]
  })

/** The values that a list has more than once, each with the place where it comes again. */
const findRepeated = <Value>(values: readonly Value[]): [value: Value, index: number][] =>
  values.flatMap((value, index): [Value, number][] => (values.indexOf(value) < index ? [[value, index]] : []))

const findCurrencyFaults = (path: Path, priced: readonly { currency: string }[], wanted: readonly string[]): Fault[] => {
  const names = priced.map(({ currency }) => currency)
  return [
    ...findRepeated(names).map(([name, index]) => fault([...path, index, 'currency'], `must not repeat ${name}`)),
    ...wanted
      .filter((currency) => !names.includes(currency))
      .map((currency) => fault(path, `must have a price in ${currency}, which the plan supports`)),
  ]
}

interface PricedShape {
  ratePlan: { slabs: readonly (SlabShape & { order: number })[] }
  rateValues: readonly {
    currency: string
    slabRates: readonly { order: number; slabRateConfig?: Readonly<Record<string, string>> | undefined }[]
    rateConfig?: Readonly<Record<string, string>> | undefined
  }[]
}

const findPriceFaults = ({ ratePlan: { slabs }, rateValues }: PricedShape, currencies: readonly string[]): Fault[] => {
  const sorted = slabs.toSorted((one, other) => one.order - other.order)
  const isCounted = sorted.every(({ order }, index) => order === index + 1)
  const orders = JSON.stringify(sorted.map(({ order }) => order))
  return [
    ...(isCounted
      ? findSlabFaults(['ratePlan', 'slabs'], sorted)
      : [fault(['ratePlan', 'slabs'], 'must have the orders 1, 2, 3 and so on, each once')]),
    ...findCurrencyFaults(['rateValues'], rateValues, currencies),
    ...rateValues.flatMap(({ slabRates, rateConfig }, index) => {
      const path = ['rateValues', index]
      const its = JSON.stringify(slabRates.map(({ order }) => order).toSorted((one, other) => one - other))
      return [
        ...(its === orders ? [] : [fault([...path, 'slabRates'], 'must have a rate for the order of each slab, once')]),
        ...slabRates.flatMap(({ slabRateConfig }, at) => findLimitFaults([...path, 'slabRates', at, 'slabRateConfig'], slabRateConfig)),
        ...findLimitFaults([...path, 'rateConfig'], rateConfig),
      ]
    }),
  ]
}

const DURATION = /^P(?=.)(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,5}D)?(T(?=.)(\d{1,6}H)?(\d{1,6}M)?(\d{1,6}S)?)?$/

const findDurationFaults = (path: Path, text: string | undefined): Fault[] =>
  text === undefined || DURATION.test(text) ? [] : [fault(path, 'must be a duration of ISO 8601, such as P1M')]

/** Instants from which a month is longer than 30 days, and from which it is shorter. */
const [LONG_MONTH, SHORT_MONTH] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 1, 1)]

/** What is wrong with a window of credits that ends before it begins, whenever it is granted. */
const findWindowFaults = (path: Path, from = 'PT0S', until: string): Fault[] => {
  const isEmpty = [LONG_MONTH, SHORT_MONTH].every((instant) => {
    const [start, end] = [from, until].map((duration) => addDuration({ kind: DATE, instant, offset: 0 }, duration, 1))
    return start !== undefined && end !== undefined && end.instant <= start.instant
  })
  return isEmpty ? [fault(path, `must be longer than effectiveFrom, which is ${from}`)] : []
}

/**
 * What is wrong with a card by itself, in a plan of some currencies and of an interval, where it has one; paths begin in the object of its
 * family.
 */
export const findDetailFaults = (card: KeptCard, currencies: readonly string[], interval: Interval | undefined): Fault[] => {
  const {
    usageRateCard: usage,
    fixedFeeRateCard: fee,
    licenseRateCard: license,
    billingEntitlementRateCard: entitlement,
    entitlementOverageRateCard: overage,
    creditGrantRateCard: grant,
    minimumCommitmentRateCard: commitment,
  } = card.rateCardDetails
  const priced = usage ?? license ?? entitlement ?? overage
  const isTooLong =
    license?.usageCycle !== undefined && interval !== undefined && INTERVALS.indexOf(license.usageCycle) >= INTERVALS.indexOf(interval)
  return [
    ...(priced ? findPriceFaults(priced, currencies) : []),
    ...(fee ? findCurrencyFaults(['rateValues'], fee.rateValues, currencies) : []),
    ...(commitment ? findCurrencyFaults(['rateValues'], commitment.rateValues, []) : []),
    ...(isTooLong ? [fault(['usageCycle'], 'must be shorter than the interval of the plan')] : []),
    ...(entitlement?.featureConfigs ?? []).flatMap(({ effectiveFrom, effectiveUntil }, index) => [
      ...findDurationFaults(['featureConfigs', index, 'effectiveFrom'], effectiveFrom),
      ...findDurationFaults(['featureConfigs', index, 'effectiveUntil'], effectiveUntil),
      ...findWindowFaults(['featureConfigs', index, 'effectiveUntil'], effectiveFrom, effectiveUntil),
    ]),
    ...(grant ? findGrantFaults(grant, currencies) : []),
  ]
}

const findGrantFaults = (
  {
    grantDetails: { expiryType, expiryDuration },
    rateDetails: { currencySlabRateDetails: details },
  }: NonNullable<KeptCard['rateCardDetails']['creditGrantRateCard']>,
  currencies: readonly string[],
): Fault[] => {
  const path = ['rateDetails', 'currencySlabRateDetails']
  const expiry = ['grantDetails', 'expiryDuration']
  return [
    ...(expiryType === 'CUSTOM' && expiryDuration === undefined ? [fault(expiry, 'is required for CUSTOM')] : []),
    ...(expiryType !== 'CUSTOM' && expiryDuration !== undefined ? [fault(expiry, 'must be left out where expiryType is not CUSTOM')] : []),
    ...findDurationFaults(expiry, expiryDuration),
    ...findCurrencyFaults(path, details, currencies),
    ...details.flatMap(({ slabDetails, rateConfig }, index) => [
      ...(slabDetails.length
        ? findSlabFaults([...path, index, 'slabDetails'], slabDetails)
        : [fault([...path, index, 'slabDetails'], 'must hold 1 to 10')]),
      ...slabDetails.flatMap(({ slabRateConfig }, at) =>
        findLimitFaults([...path, index, 'slabDetails', at, 'slabRateConfig'], slabRateConfig),
      ),
      ...findLimitFaults([...path, index, 'rateConfig'], rateConfig),
    ]),
  ]
}
