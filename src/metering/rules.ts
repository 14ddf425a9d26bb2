import { text } from '../lib/fields.ts'
import { explainRuleError } from '../logic/place.ts'
import { compileRule } from '../logic/rule.ts'

/** A field that holds a rule of JSON Logic; blanks may be as good as none. */
export const ruleText = (max: number, { orBlank = false } = {}) =>
  text(max).check(({ value, issues }) => {
    if (issues.length || (orBlank && !value.trim())) return
    const { error } = compileRule(value)
    if (error) issues.push({ code: 'custom', input: value, message: explainRuleError(error) })
  })
