import { text } from '../lib/fields.ts'
import type { RuleError } from '../logic/place.ts'
import { compileRule } from '../logic/rule.ts'

/** The most characters of a place that are shown. Longer places lose their beginning, so that the message has room for the fault. */
const LONGEST_PLACE = 120

const shorten = (path: string): string => {
  if (path.length <= LONGEST_PLACE) return path
  return `…${path.slice(path.indexOf('/', path.length - LONGEST_PLACE))}`
}

/** Says what is wrong with a rule, and where, in words that follow the path of its field. */
export const explainRuleError = ({ path, message }: RuleError): string => (path ? `at ${shorten(path)}: ${message}` : message)

/** A field with a JSON Logic rule, or with only spaces if `orBlank` is set. */
export const ruleText = (max: number, { orBlank = false } = {}) =>
  text(max).check(({ value, issues }) => {
    if (issues.length || (orBlank && !value.trim())) return
    const { error } = compileRule(value)
    if (error) issues.push({ code: 'custom', input: value, message: explainRuleError(error) })
  })
