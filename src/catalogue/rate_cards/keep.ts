import { ApiError } from '../../lib/errors.ts'
import { DETAILS, HAS_TIMING, type KeptCard, type RateCardData, type RateCardDetails } from './schema.ts'

/** What a card of any family has in its own object. */
interface NestedCard {
  id?: string
  usageMeterId?: string
  featureId?: string
  name?: string | undefined
  displayName?: string | undefined
  tag?: string | undefined
  invoiceTiming?: KeptCard['invoiceTiming'] | undefined
}

const nestedIn = ({ type, rateCardDetails }: Pick<KeptCard, 'type' | 'rateCardDetails'>): NestedCard | undefined =>
  rateCardDetails[DETAILS[type]]

const billableIdOf = ({ usageMeterId, featureId, id }: NestedCard): string | undefined => usageMeterId ?? featureId ?? id

const refuse = (path: string, message: string): never => {
  throw new ApiError('INVALID', `${path}: ${message}`)
}

/** The object of a family with what is said of the card outside of it. */
const fillNested = (
  { type, name, displayName, tag, invoiceTiming }: Omit<KeptCard, 'rateCardDetails'>,
  nested: NestedCard,
): RateCardDetails => {
  const { name: _name, displayName: _displayName, tag: _tag, invoiceTiming: _timing, ...own } = nested
  if (type === 'MINIMUM_COMMITMENT') return { [DETAILS[type]]: { ...own, displayName } } as RateCardDetails
  return {
    [DETAILS[type]]: {
      ...own,
      name,
      ...(displayName !== undefined && { displayName }),
      ...(tag !== undefined && { tag }),
      ...(HAS_TIMING[type] && { invoiceTiming }),
    },
  }
}

/** A card as a plan keeps it, from one that was sent with its details: outer values go before inner ones, which must not contradict them. Throws INVALID with the path from `path` on. */
export const keepCard = (name: string, sent: RateCardData, path: string): KeptCard => {
  const { billableId, type, invoiceTiming, rateCardDetails } = sent
  const family = DETAILS[type]
  const nested = nestedIn(sent) ?? refuse(`${path}.rateCardDetails.${family}`, `is required for a card of type ${type}`)
  const inside = `${path}.rateCardDetails.${family}`
  const other = Object.keys(rateCardDetails).find((key) => key !== family)
  if (other !== undefined) refuse(`${path}.rateCardDetails.${other}`, `must be left out of a card of type ${type}`)
  const itsId = billableIdOf(nested)
  if (itsId !== undefined && itsId !== billableId)
    refuse(
      `${inside}.${nested.usageMeterId ? 'usageMeterId' : nested.featureId ? 'featureId' : 'id'}`,
      `must be "${billableId}", as billableId`,
    )
  if (nested.name !== undefined && nested.name !== name) refuse(`${inside}.name`, `must be "${name}", as rateCardName`)
  for (const field of ['displayName', 'tag', 'invoiceTiming'] as const)
    if (nested[field] !== undefined && sent[field] !== undefined && nested[field] !== sent[field])
      refuse(`${inside}.${field}`, `must be "${sent[field]}", as ${field}`)
  const displayName = sent.displayName ?? nested.displayName
  const tag = sent.tag ?? nested.tag
  const outer = {
    name,
    billableId,
    type,
    invoiceTiming,
    ...(displayName !== undefined && { displayName }),
    ...(tag !== undefined && { tag }),
  }
  return { ...outer, rateCardDetails: fillNested(outer, nested) }
}

/** A card as a plan keeps it, from the object of its family alone. */
export const keepNestedCard = (type: KeptCard['type'], nested: NestedCard, takenNames: ReadonlySet<string>): KeptCard => {
  const billableId = billableIdOf(nested) ?? 'MINIMUM_COMMITMENT'
  const name = nested.name ?? newCardName(type, billableId, takenNames)
  const { displayName, tag } = nested
  const outer = {
    name,
    billableId,
    type,
    invoiceTiming: nested.invoiceTiming ?? ('IN_ARREARS' as const),
    ...(displayName !== undefined && { displayName }),
    ...(tag !== undefined && { tag }),
  }
  return { ...outer, rateCardDetails: fillNested(outer, nested) }
}

const LONGEST_NAME = 50

/** The name of a card that was given none: its family and what it prices, numbered where that is taken. */
const newCardName = (type: KeptCard['type'], billableId: string, takenNames: ReadonlySet<string>): string => {
  const base = `${type.toLowerCase()}_${billableId}`
  for (let count = 1; ; count++) {
    const suffix = count === 1 ? '' : `_${count}`
    const name = base.slice(0, LONGEST_NAME - suffix.length) + suffix
    if (!takenNames.has(name)) return name
  }
}

/** The prices of each family, by their currencies. */
const PRICES_OF: Readonly<Record<KeptCard['type'], (its: RateCardDetails) => readonly { currency: string }[] | undefined>> = {
  USAGE: ({ usageRateCard }) => usageRateCard?.rateValues,
  LICENSE: ({ licenseRateCard }) => licenseRateCard?.rateValues,
  FIXED_FEE: ({ fixedFeeRateCard }) => fixedFeeRateCard?.rateValues,
  BILLING_ENTITLEMENT: ({ billingEntitlementRateCard }) => billingEntitlementRateCard?.rateValues,
  ENTITLEMENT_OVERAGE: ({ entitlementOverageRateCard }) => entitlementOverageRateCard?.rateValues,
  CREDIT_GRANT: ({ creditGrantRateCard }) => creditGrantRateCard?.rateDetails.currencySlabRateDetails,
  MINIMUM_COMMITMENT: ({ minimumCommitmentRateCard }) => minimumCommitmentRateCard?.rateValues,
}

/** The currencies that a card has prices in. */
export const currenciesOf = ({ type, rateCardDetails }: KeptCard): string[] => [
  ...new Set((PRICES_OF[type](rateCardDetails) ?? []).map(({ currency }) => currency)),
]
