import { type Decimal, compare, formatDecimal, requireDecimal, subtract } from '../lib/decimal.ts'
import { readsOf } from '../logic/reads.ts'
import { compileRule } from '../logic/rule.ts'
import { type Data, type Value, isTruthy, toDecimalResult, toText } from '../logic/values.ts'
import type { Card } from './card.ts'
import { type Cycle, instantOf } from './cycle.ts'
import { type Line, cardLine, cutDecimal, sumOf, withLine } from './line.ts'
import { rateQuantity } from './rate.ts'
import type { RatedCard } from './rated.ts'

/** A rule that adds a line, or sets the revenue or the usage of a card. Condition and computation are JSON Logic as text. */
export interface PricingRule {
  id: string
  name: string
  order: number
  timing: 'IN_ADVANCE' | 'IN_ARREARS'
  condition?: string
  computation: string
  action: { type: 'ADD' | 'UPDATE'; target?: string; id?: string; description?: string }
}

/** What a rule did, or why it did not. */
export interface RuleLog {
  rule: PricingRule
  type: 'CONDITION_TRUE' | 'CONDITION_FALSE' | 'CONDITION_ERROR' | 'COMPUTATION_ERROR'
  changes: { key: string; oldRevenue: string; newRevenue: string; oldUsage?: string; newUsage?: string; errorMessage?: string }
  /** What the rule read, by the names of variables; null where there is no such thing. */
  variables: Readonly<Record<string, string | null>>
}

/** A card of an invoice: as it was rated, and its line and its quantity after the rules before. */
export interface InvoiceCard {
  rated: RatedCard
  line: Line
  quantity: string | undefined
}

/** The line of a card before any rule has changed it. */
export const openCard = (rated: RatedCard, digits: number): InvoiceCard => {
  const line = cardLine(rated, digits)
  return { rated, line, quantity: line.quantity }
}

/** How rules name the cards of a family. */
const FAMILY: Readonly<Record<Card['type'], string>> = {
  FIXED_FEE: 'ff',
  USAGE: 'urc',
  LICENSE: 'lic',
  BILLING_ENTITLEMENT: 'ber',
  ENTITLEMENT_OVERAGE: 'eo',
  CREDIT_GRANT: 'cg',
  MINIMUM_COMMITMENT: 'mc',
}

const HAS_USAGE: ReadonlySet<Card['type']> = new Set(['USAGE', 'LICENSE', 'ENTITLEMENT_OVERAGE'])

/** Under which name rules know a card: urc.<id of the meter>, ff.<id of the add-on> and so on. */
export const ruleKeyOf = ({ type, billableId }: Pick<Card, 'type' | 'billableId'>): string => `${FAMILY[type]}.${billableId}`

const writeInstant = (day: number): string => new Date(instantOf(day)).toISOString()

/** The variables that rules may read. Names have dots in them, so each is a name of its own. */
const variablesOf = (cards: readonly InvoiceCard[], { start, end }: Pick<Cycle, 'start' | 'end'>): Record<string, Data> => {
  const variables: Record<string, Data> = { 'invoice.start_date': writeInstant(start), 'invoice.end_date': writeInstant(end) }
  const tags = new Map<string, InvoiceCard[]>()
  for (const one of cards) {
    const { card } = one.rated
    const key = ruleKeyOf(card)
    variables[`revenue.${key}`] = requireDecimal(one.line.value)
    if (HAS_USAGE.has(card.type)) variables[`usage.${key}`] = requireDecimal(one.quantity ?? '0')
    if (card.type === 'CREDIT_GRANT') variables[`credit.${key}`] = requireDecimal(one.quantity ?? '0')
    if (card.tag !== undefined) tags.set(card.tag, [...(tags.get(card.tag) ?? []), one])
  }
  for (const [tag, its] of tags) {
    variables[`revenue.tag.${tag}`] = requireDecimal(sumOf(its.map(({ line }) => line)))
    const used = its.filter(({ rated }) => HAS_USAGE.has(rated.card.type))
    variables[`usage.tag.${tag}`] = requireDecimal(
      sumOf(used.map(({ quantity = '0' }) => ({ type: '', description: '', value: quantity }))),
    )
  }
  variables['revenue.rate_card_total'] = requireDecimal(sumOf(cards.map(({ line }) => line)))
  return variables
}

const readVariables = ({ condition, computation }: PricingRule, data: Readonly<Record<string, Data>>): Record<string, string | null> => {
  const paths = new Set(
    [condition, computation].flatMap((text) => (text === undefined || compileRule(text).error ? [] : readsOf(text).paths)),
  )
  return Object.fromEntries([...paths].map((path) => [path, toText((data[path] ?? null) as Value) ?? null]))
}

const TARGET = /^(revenue|usage)\.([a-z]+\..+)$/s

/** What a rule changes: the revenue or the usage of a card; undefined where it is none of these. */
export const readTarget = (target: string): { what: 'revenue' | 'usage'; key: string } | undefined => {
  const [, what, key] = TARGET.exec(target) ?? []
  return key === undefined || key.startsWith('tag.') ? undefined : { what: what as 'revenue' | 'usage', key }
}

/** What rules made of the cards of an invoice. */
interface RuledCards {
  cards: readonly InvoiceCard[]
  additions: readonly Line[]
  logs: readonly RuleLog[]
}

interface Invoiced {
  currency: string
  digits: number
  cycle: Pick<Cycle, 'start' | 'end'>
}

const setRevenue = ({ action, id, name }: PricingRule, card: InvoiceCard, result: Decimal, digits: number): InvoiceCard => {
  const value = formatDecimal(subtract(requireDecimal(cutDecimal(result, digits)), requireDecimal(card.line.value)))
  const line: Line = { id, type: 'PRICING_RULE_REVENUE_UPDATE_AMOUNT', description: action.description ?? name, value }
  return { ...card, line: withLine(card.line, line) }
}

const setUsage = (
  { action, id, name }: PricingRule,
  card: InvoiceCard,
  result: Decimal,
  { currency, digits }: Invoiced,
): InvoiceCard | undefined => {
  const rated = rateQuantity(card.rated, currency, result)
  if (!rated) return undefined
  /** A quantity that stays leaves the price, also one that a rule before has set. */
  const isSame = compare(result, requireDecimal(card.quantity ?? '0')) === 0
  const next = isSame ? card.line : cardLine(rated, digits)
  const line: Line = {
    id,
    type: 'PRICING_RULE_USAGE_UPDATE_AMOUNT',
    description: action.description ?? name,
    quantity: formatDecimal(subtract(result, requireDecimal(card.quantity ?? '0'))),
    value: formatDecimal(subtract(requireDecimal(next.value), requireDecimal(card.line.value))),
  }
  return { ...card, line: withLine(card.line, line), quantity: formatDecimal(result) }
}

/** What one rule came to. */
interface RuleResult {
  card?: InvoiceCard
  addition?: Line
  log: Omit<RuleLog, 'rule' | 'variables'>
}

const unchanged = (key: string, card: InvoiceCard | undefined, errorMessage?: string): RuleLog['changes'] => ({
  key,
  oldRevenue: card?.line.value ?? '0',
  newRevenue: card?.line.value ?? '0',
  ...(card && HAS_USAGE.has(card.rated.card.type) && { oldUsage: card.quantity ?? '0', newUsage: card.quantity ?? '0' }),
  ...(errorMessage !== undefined && { errorMessage: errorMessage.slice(0, 500) }),
})

const runRule = (rule: PricingRule, cards: readonly InvoiceCard[], data: Data, invoiced: Invoiced): RuleResult => {
  const { action, condition, computation, id, name } = rule
  const target = action.type === 'UPDATE' ? readTarget(action.target ?? '') : undefined
  const card = cards.find(({ rated }) => ruleKeyOf(rated.card) === target?.key)
  const key = action.type === 'ADD' ? (action.id ?? id) : (target?.key ?? id)
  const fails = (type: RuleLog['type'], message?: string): RuleResult => ({ log: { type, changes: unchanged(key, card, message) } })
  if (condition !== undefined) {
    const compiled = compileRule(condition)
    const outcome = compiled.evaluate?.(data) ?? compiled
    if (outcome.error || !('value' in outcome)) return fails('CONDITION_ERROR', outcome.error?.message)
    if (!isTruthy(outcome.value)) return fails('CONDITION_FALSE')
  }
  const compiled = compileRule(computation)
  const outcome = compiled.evaluate?.(data) ?? compiled
  if (outcome.error || !('value' in outcome)) return fails('COMPUTATION_ERROR', outcome.error?.message)
  const result = toDecimalResult(outcome.value)
  if (!result) return fails('COMPUTATION_ERROR', 'the computation must come to a number')
  if (action.type === 'ADD') {
    const value = cutDecimal(result, invoiced.digits)
    return {
      addition: { id: key, type: 'PRICING_RULE_ADDITION_AMOUNT', description: action.description ?? name, value },
      log: { type: 'CONDITION_TRUE', changes: { key, oldRevenue: '0', newRevenue: value } },
    }
  }
  if (!target || !card) return fails('COMPUTATION_ERROR', `no card of this invoice is ${action.target ?? 'its target'}`)
  const next = target.what === 'revenue' ? setRevenue(rule, card, result, invoiced.digits) : setUsage(rule, card, result, invoiced)
  if (!next) return fails('COMPUTATION_ERROR', `${action.target ?? ''} has no usage that could be set`)
  const changes = {
    ...unchanged(key, card),
    newRevenue: next.line.value,
    ...(next.quantity !== undefined && HAS_USAGE.has(card.rated.card.type) && { newUsage: next.quantity }),
  }
  return { card: next, log: { type: 'CONDITION_TRUE', changes } }
}

/** Runs rules in their order, each on what those before it have made. A rule that fails changes nothing and says why. */
export const applyRules = (rules: readonly PricingRule[], opened: readonly InvoiceCard[], invoiced: Invoiced): RuledCards => {
  let cards = opened
  const additions: Line[] = []
  const logs: RuleLog[] = []
  for (const rule of rules.toSorted((one, other) => one.order - other.order)) {
    const data = variablesOf(cards, invoiced.cycle)
    const { card, addition, log } = runRule(rule, cards, data, invoiced)
    if (card) cards = cards.map((one) => (one.rated === card.rated ? card : one))
    if (addition) additions.push(addition)
    logs.push({ rule, ...log, variables: readVariables(rule, data) })
  }
  return { cards, additions, logs }
}
