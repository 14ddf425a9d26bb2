import { formatDecimal } from '../../src/lib/decimal.ts'
import { compileRule, type Outcome } from '../../src/logic/rule.ts'
import { type Data, isDate, isDecimal, isList, isMap, toText, valueOf } from '../../src/logic/values.ts'

/** What a rule ends in, whether it was refused or has an error at run time. */
export const evaluate = (text: string, data: unknown = null): Outcome => {
  const rule = compileRule(text)
  return rule.error ? { error: rule.error } : rule.evaluate(data as Data)
}

/** A value as JSON has it: a number as one where a double's text is its digits, and otherwise as `{ number: '…' }`; a date as `{ date: '…' }`. */
export const plain = (data: Data): unknown => {
  const value = valueOf(data)
  if (isDecimal(value)) {
    const digits = formatDecimal(value)
    return String(Number(digits)) === digits ? Number(digits) : { number: digits }
  }
  if (isDate(value)) return { date: toText(value) }
  if (isList(value)) return value.map(plain)
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
  return value
}

/** The value of a rule as JSON has it. Throws where the rule has an error. */
export const valueOfRule = (text: string, data: unknown = null): unknown => {
  const { value, error } = evaluate(text, data)
  if (error) throw new Error(`${error.path} ${error.message}`)
  return plain(value)
}
