import { text } from '../lib/fields.ts'
import { explainRuleError } from '../logic/place.ts'
import { compileRule } from '../logic/rule.ts'

/** A field with a JSON Logic rule, or with only spaces if `orBlank` is set. */
export const ruleText = (max: number, { orBlank = false } = {}) =>
  text(max).check(({ value, issues }) => {
    if (issues.length || (orBlank && !value.trim())) return
    const { error } = compileRule(value)
    if (error) issues.push({ code: 'custom', input: value, message: explainRuleError(error) })
  })
