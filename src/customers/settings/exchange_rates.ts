import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { isCurrency } from '../../lib/codes.ts'
import { type Decimal, compare, formatDecimal, parseDecimal, parseJsonNumber } from '../../lib/decimal.ts'
import { measureJson } from '../../logic/json.ts'
import type { Setting } from './schema.ts'

/** What one unit of each currency is worth in the base currency of the organization. */
export type ExchangeRates = ReadonlyMap<string, Decimal>

/** Whether a setting holds the exchange rates of the organization. */
export const holdsExchangeRates = ({ namespace, id, entityType }: Pick<Setting, 'namespace' | 'id' | 'entityType'>): boolean =>
  entityType === 'ORGANIZATION' && namespace === 'SYSTEM' && id === 'exchange_rates'

/** Under which name a number is kept as its text. */
const SOURCE = Symbol('source')

const keepText = (_: string, value: unknown, { source }: { source?: string } = {}): unknown =>
  typeof value === 'number' ? { [SOURCE]: source } : value

/** Parses JSON whose numbers are kept as their texts, so that none loses digits. */
const parseWithTexts = (text: string): unknown => {
  try {
    return JSON.parse(text, keepText)
  } catch {
    return undefined
  }
}

const rateOf = (value: unknown): Decimal | undefined => {
  if (typeof value === 'string') return parseDecimal(value)
  const { [SOURCE]: source } = (value ?? {}) as { [SOURCE]?: string }
  return source === undefined ? undefined : parseJsonNumber(source)
}

const FORM = 'must be a JSON object of rates by currency, such as {"EUR": "1.1"} where 1 EUR is worth 1.1 of the base currency'

/** Reads exchange rates from the value of their setting, or says what is wrong with it. */
const parseRates = (text: string): { rates: ExchangeRates } | { message: string } => {
  const value = parseWithTexts(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || SOURCE in value) return { message: FORM }
  const rates = new Map<string, Decimal>()
  for (const [currency, sent] of Object.entries(value)) {
    if (!isCurrency(currency)) return { message: `${currency} must be a currency code of ISO 4217` }
    const rate = rateOf(sent)
    if (!rate || rate.coefficient <= 0n) return { message: `the rate of ${currency} must be a decimal number above 0` }
    rates.set(currency, rate)
  }
  return { rates }
}

/** Says what is wrong with the value of a setting, if it is to hold exchange rates. Undefined if nothing is. */
export const explainRates = (setting: Pick<Setting, 'namespace' | 'id' | 'entityType' | 'value' | 'dataType'>): string | undefined => {
  if (!holdsExchangeRates(setting)) return undefined
  if (setting.dataType !== 'JSON') return 'must be JSON in a setting of exchange rates'
  const parsed = parseRates(setting.value)
  if ('message' in parsed) return parsed.message
  return measureJson(setting.value).names > parsed.rates.size ? 'must give the rate of a currency once' : undefined
}

/** The first currency whose rate another value of the setting would change, with the rate that it has. */
export const findChangedRate = (before: string, after: string): { currency: string; rate: string } | undefined => {
  const [one, other] = [parseRates(before), parseRates(after)]
  if (!('rates' in one) || !('rates' in other)) return undefined
  for (const [currency, rate] of one.rates) {
    const next = other.rates.get(currency)
    if (!next || compare(next, rate) !== 0) return { currency, rate: formatDecimal(rate) }
  }
  return undefined
}

/** The query for the exchange rates of an organization, for a batch. */
export const selectExchangeRates = ({ organizationId }: Pick<Ctx, 'organizationId'>): Statement =>
  selectRows(sql`
    select value from settings
    where organization_id = ${organizationId} and entity_type = 'ORGANIZATION' and entity_id = ${organizationId} and namespace = 'SYSTEM' and id = 'exchange_rates'`)

/** Reads the rows of `selectExchangeRates`. */
export const readExchangeRates = (rows: readonly unknown[] | undefined): ExchangeRates => {
  const [row] = (rows ?? []) as { value: string }[]
  const parsed = row ? parseRates(row.value) : undefined
  return parsed && 'rates' in parsed ? parsed.rates : new Map()
}
