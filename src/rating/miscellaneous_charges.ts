import { type Decimal, compare, formatDecimal, multiply, negate, requireDecimal, sumDecimals } from '../lib/decimal.ts'
import { explainRuleError } from '../logic/place.ts'
import { compileRule } from '../logic/rule.ts'
import { type Value, toDecimalResult } from '../logic/values.ts'
import { type Line, cutDecimal, parentOf } from './line.ts'

/** A charge that a person has put on an invoice: a rate and a quantity, or a number or a rule over its lines. */
export interface MiscellaneousCharge {
  name: string
  rate?: string
  quantity?: string
  value?: string
}

/** The values of all lines by their ids; lines of one id are added up. */
const valuesIn = (lines: readonly Line[], values = new Map<string, string[]>()): ReadonlyMap<string, readonly string[]> => {
  for (const { id, value, lines: its = [] } of lines) {
    if (id !== undefined) values.set(id, [...(values.get(id) ?? []), value])
    valuesIn(its, values)
  }
  return values
}

/** No charge comes to more, or to less below 0. */
const LARGEST: Decimal = requireDecimal('10000000000000')

/** What a charge comes to, or why it comes to no number. */
const chargeValue = (charge: MiscellaneousCharge, data: Readonly<Record<string, Value>>): { value: Decimal } | { error: string } => {
  if (charge.value === undefined) return { value: multiply(requireDecimal(charge.rate ?? '0'), requireDecimal(charge.quantity ?? '0')) }
  const compiled = compileRule(charge.value)
  const outcome = compiled.evaluate ? compiled.evaluate(data) : compiled
  if (outcome.error) return { error: explainRuleError(outcome.error) }
  const value = toDecimalResult(outcome.value)
  if (!value) return { error: 'comes to no number' }
  return compare(value, LARGEST) > 0 || compare(value, negate(LARGEST)) < 0
    ? { error: `comes to more than ${formatDecimal(LARGEST)}` }
    : { value }
}

/** The lines of charges that people have put on an invoice: one that comes to no number is 0, and says why. */
export const miscellaneousLines = (charges: readonly MiscellaneousCharge[], net: Line, digits: number): Line[] => {
  if (!charges.length) return []
  const data = Object.fromEntries([...valuesIn([net])].map(([id, values]) => [id, requireDecimal(sumDecimals(values))]))
  const lines = charges.map((charge): Line => {
    const result = chargeValue(charge, data)
    const { name, rate, quantity } = charge
    return {
      type: 'MISCELLANEOUS_CHARGE',
      description: name,
      ...(charge.value === undefined && { quantity: quantity ?? '0', valuePerQuantity: rate ?? '0' }),
      value: 'value' in result ? cutDecimal(result.value, digits) : '0',
      ...('error' in result && { metadata: { error: result.error } }),
    }
  })
  return [parentOf({ id: 'TOTAL_MISCELLANEOUS_CHARGES', type: 'TOTAL_MISCELLANEOUS_CHARGES', description: 'Other charges' }, lines)]
}
