import type { Fault } from '../../lib/errors.ts'
import { explainRuleError } from '../../logic/place.ts'
import { readsOf } from '../../logic/reads.ts'
import { compileRule } from '../../logic/rule.ts'
import { readTarget, ruleKeyOf } from '../../rating/rules.ts'
import type { KeptRule } from '../pricing_rules/schema.ts'
import { fault, findDetailFaults } from '../rate_cards/faults.ts'
import { HAS_TIMING, type KeptCard, type RateCardType } from '../rate_cards/schema.ts'
import type { BillableItem, PlanDefinition, PricingCycleConfig } from './definition.ts'

/** What is wrong with a card, with a rule, or with the plan itself: `path` leads to it from there. */
type Path = Fault['path']

export interface PlanFault extends Fault {
  entityType: 'RATE_CARD' | 'PRICING_RULE' | 'PRICE_PLAN'
  /** The name of the card, the id of the rule, or none. */
  entityId: string
  /** Whether a card prices what does not exist. */
  isMissing?: boolean
}

/** What a family prices: the kind of item, and of add-ons their types. */
const PRICES: Readonly<
  Record<Exclude<RateCardType, 'MINIMUM_COMMITMENT'>, { kind: BillableItem['kind']; noun: string; types?: readonly string[] }>
> = {
  USAGE: { kind: 'USAGE_METER', noun: 'usage meter' },
  LICENSE: { kind: 'ADD_ON', noun: 'add-on', types: ['LICENSE', 'NAMED_LICENSE'] },
  FIXED_FEE: { kind: 'ADD_ON', noun: 'add-on', types: ['FIXED_FEE'] },
  CREDIT_GRANT: { kind: 'ADD_ON', noun: 'add-on', types: ['CREDIT_GRANT'] },
  BILLING_ENTITLEMENT: { kind: 'FEATURE', noun: 'feature' },
  ENTITLEMENT_OVERAGE: { kind: 'FEATURE', noun: 'feature' },
}

/** The field that names what a card of a family prices. */
const idFieldOf = (type: RateCardType): 'usageMeterId' | 'featureId' | 'id' => {
  if (type === 'USAGE') return 'usageMeterId'
  return type === 'BILLING_ENTITLEMENT' || type === 'ENTITLEMENT_OVERAGE' ? 'featureId' : 'id'
}

const findItemFaults = (
  { type, billableId, rateCardDetails }: KeptCard,
  items: readonly BillableItem[],
): (Fault & Pick<PlanFault, 'isMissing'>)[] => {
  if (type === 'MINIMUM_COMMITMENT') return []
  const { kind, noun, types } = PRICES[type]
  const path = [idFieldOf(type)]
  const item = items.find((one) => one.kind === kind && one.id === billableId)
  if (!item) return [{ ...fault(path, `the ${noun} "${billableId}" does not exist`), isMissing: true }]
  if (item.status !== 'ACTIVE') return [fault(path, `the ${noun} "${billableId}" is ${item.status}, and must be ACTIVE`)]
  const own = rateCardDetails.licenseRateCard?.type
  if (own !== undefined && own !== item.type) return [fault(['type'], `must be ${item.type}, as that of the add-on "${billableId}"`)]
  return types && !types.includes(item.type ?? '')
    ? [fault(path, `the add-on "${billableId}" is of type ${item.type}, and must be of type ${types.join(' or ')}`)]
    : []
}

const OF_PURCHASES: ReadonlySet<RateCardType> = new Set(['FIXED_FEE', 'BILLING_ENTITLEMENT', 'CREDIT_GRANT'])
const PREPAYABLE: ReadonlySet<RateCardType> = new Set(['BILLING_ENTITLEMENT', 'CREDIT_GRANT'])
const NEVER_DEFERRED: ReadonlySet<RateCardType> = new Set(['CREDIT_GRANT', 'BILLING_ENTITLEMENT', 'ENTITLEMENT_OVERAGE'])

const findTimingFaults = ({ type, invoiceTiming }: KeptCard, plan: PlanDefinition): Fault[] => [
  ...(plan.type === 'PURCHASE' && !OF_PURCHASES.has(type) ? [fault([], `a plan of type PURCHASE has no card of type ${type}`)] : []),
  ...(!HAS_TIMING[type] && invoiceTiming !== 'IN_ARREARS'
    ? [fault(['invoiceTiming'], `must be IN_ARREARS for a card of type ${type}`)]
    : []),
  ...(invoiceTiming === 'PREPAID' && HAS_TIMING[type] && !PREPAYABLE.has(type)
    ? [fault(['invoiceTiming'], `must be IN_ADVANCE or IN_ARREARS for a card of type ${type}`)]
    : []),
  ...(plan.deferredRevenue && NEVER_DEFERRED.has(type) ? [fault([], `a plan with deferredRevenue has no card of type ${type}`)] : []),
  ...(plan.deferredRevenue && (type === 'FIXED_FEE' || type === 'LICENSE') && invoiceTiming === 'IN_ADVANCE'
    ? [fault(['invoiceTiming'], 'must be IN_ARREARS in a plan with deferredRevenue')]
    : []),
]

const findCardFaults = (plan: PlanDefinition, items: readonly BillableItem[] | undefined): PlanFault[] => {
  const { cards } = plan
  return cards.flatMap((card, index) => {
    const { type, billableId, name } = card
    const isOne = type === 'MINIMUM_COMMITMENT'
    const before = cards.findIndex((one) => one.type === type && (isOne || one.billableId === billableId))
    const again = isOne ? 'a plan has one minimum commitment' : `the card "${cards[before]?.name ?? ''}" prices "${billableId}" already`
    return [
      ...(before < index ? [fault([], again)] : []),
      ...findTimingFaults(card, plan),
      ...(items ? findItemFaults(card, items) : []),
      ...findDetailFaults(card, plan.supportedCurrencies, plan.pricingCycleConfig?.interval),
    ].map((its): PlanFault => ({ entityType: 'RATE_CARD', entityId: name, ...its }))
  })
}

const findExpressionFaults = (path: Path, text: string | undefined): Fault[] => {
  const { error } = text === undefined ? {} : compileRule(text)
  return error ? [fault(path, explainRuleError(error))] : []
}

const HAS_USAGE: ReadonlySet<RateCardType> = new Set(['USAGE', 'LICENSE', 'ENTITLEMENT_OVERAGE'])

const findTargetFaults = ({ action, invoiceTiming = 'IN_ARREARS' }: KeptRule, cards: readonly KeptCard[]): Fault[] => {
  if (action.type === 'ADD') return []
  const path = ['action', 'target']
  const { target } = action
  const read = readTarget(target ?? '')
  if (target === undefined || !read) return [fault(path, 'must be revenue.<card> or usage.<card>, such as revenue.ff.<id of an add-on>')]
  const card = cards.find((one) => one.type !== 'MINIMUM_COMMITMENT' && ruleKeyOf(one) === read.key)
  if (!card) return [fault(path, `no card of the plan is ${read.key}`)]
  if (card.invoiceTiming !== invoiceTiming) return [fault(path, `is billed ${card.invoiceTiming}, and the rule is ${invoiceTiming}`)]
  return read.what === 'usage' && !HAS_USAGE.has(card.type) ? [fault(path, `a card of type ${card.type} has no usage`)] : []
}

/** What rules read of an invoice itself (pricing.md, 11). */
const OF_INVOICES = ['revenue.rate_card_total', 'invoice.start_date', 'invoice.end_date']
const IS_VARIABLE = /^(?:revenue|usage|credit|invoice)\./

/** The variables that rules on the cards of a plan may read. */
const listVariables = (cards: readonly KeptCard[]): ReadonlySet<string> =>
  new Set([
    ...OF_INVOICES,
    ...cards.flatMap((card) => {
      const [key, hasUsage] = [ruleKeyOf(card), HAS_USAGE.has(card.type)]
      const named = card.tag === undefined ? [key] : [key, `tag.${card.tag}`]
      return [
        ...named.flatMap((name) => [`revenue.${name}`, ...(hasUsage || name !== key ? [`usage.${name}`] : [])]),
        ...(card.type === 'CREDIT_GRANT' ? [`credit.${key}`] : []),
      ]
    }),
  ])

/** Variables that no invoice of the plan has: they would be null, and the rule would change nothing or too much. */
const findVariableFaults = (path: Path, text: string | undefined, known: ReadonlySet<string>): Fault[] => {
  const unknown =
    text === undefined || compileRule(text).error ? [] : readsOf(text).paths.filter((name) => IS_VARIABLE.test(name) && !known.has(name))
  return unknown.map((name) =>
    fault(path, `reads ${name}, and must read what an invoice of the plan has, such as ${[...known].slice(-1)[0]}`),
  )
}

const findRuleFaults = ({ rules, cards }: PlanDefinition): PlanFault[] => {
  const orders = rules.map(({ order }) => order)
  const known = listVariables(cards)
  return rules.flatMap((rule, index) =>
    [
      ...(orders.indexOf(rule.order) < index ? [fault(['order'], `must not repeat ${rule.order}`)] : []),
      ...findExpressionFaults(['condition'], rule.condition),
      ...findExpressionFaults(['computation'], rule.computation),
      ...findVariableFaults(['condition'], rule.condition, known),
      ...findVariableFaults(['computation'], rule.computation, known),
      ...findTargetFaults(rule, cards),
    ].map((its): PlanFault => ({ entityType: 'PRICING_RULE', entityId: rule.id, ...its })),
  )
}

const MONTHS: Readonly<Record<string, number>> = { QUARTERLY: 3, HALF_YEARLY: 6, ANNUALLY: 12 }

const isNumberUpTo = (text: string, most: number): boolean => /^[1-9]\d?$/.test(text) && Number(text) <= most

/** What is wrong with the days on which cycles begin; paths begin with pricingCycleConfig. */
export const findOffsetFaults = ({ interval, startOffset, anniversaryCycle }: PricingCycleConfig): Fault[] => {
  const path = ['pricingCycleConfig', 'startOffset']
  if (anniversaryCycle) return []
  if (!startOffset) return [fault(path, 'is required unless anniversaryCycle is true')]
  const { dayOffset, monthOffset } = startOffset
  const days = interval === 'WEEKLY' ? 7 : 31
  const months = MONTHS[interval]
  return [
    ...(dayOffset === 'LAST' || isNumberUpTo(dayOffset, days)
      ? []
      : [fault([...path, 'dayOffset'], `must be 1 to ${days} or LAST for ${interval}`)]),
    ...(months === undefined || monthOffset === 'FIRST' || monthOffset === 'LAST' || isNumberUpTo(monthOffset, months)
      ? []
      : [fault([...path, 'monthOffset'], `must be 1 to ${months}, FIRST or LAST for ${interval}`)]),
  ]
}

const findCycleFaults = ({ type, pricingCycleConfig: cycle }: PlanDefinition): PlanFault[] =>
  [
    ...(type === 'BILLING' && !cycle ? [fault(['pricingCycleConfig'], 'is required for a plan of type BILLING')] : []),
    ...(type === 'PURCHASE' && cycle ? [fault(['pricingCycleConfig'], 'must be left out of a plan of type PURCHASE')] : []),
    ...(type === 'BILLING' && cycle ? findOffsetFaults(cycle) : []),
  ].map((its): PlanFault => ({ entityType: 'PRICE_PLAN', entityId: '', ...its }))

/**
 * Why a plan cannot be rated: each fault with the card, the rule or the plan that has it, its field, and what would be right (pricing.md, 4.2).
 * Without items, it is not asked whether what the cards price is there.
 */
export const findPlanFaults = (plan: PlanDefinition, items?: readonly BillableItem[]): PlanFault[] => [
  ...findCycleFaults(plan),
  ...findCardFaults(plan, items),
  ...findRuleFaults(plan),
]

/** A fault in words: where it is, and what would be right. */
export const explainFault = ({ path, message }: Fault): string =>
  path.length
    ? `${path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index ? '.' : ''}${String(part)}`)).join('')}: ${message}`
    : message
