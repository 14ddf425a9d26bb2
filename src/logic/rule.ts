import { DIVISION_BY_ZERO, TOO_MANY_DIGITS } from '../lib/decimal.ts'
import { compile, LONGEST_RULE } from './compile.ts'
import type { Evaluate } from './operator.ts'
import { type RuleError, writePlace } from './place.ts'
import { type Run, STOPPED } from './run.ts'
import type { Data, Value } from './values.ts'

/** The result of an evaluation: a value, or an error that names the operator. */
export type Outcome = { readonly value: Value; readonly error?: undefined } | { readonly error: RuleError; readonly value?: undefined }

/** A compiled rule, or the error because of which it can never be evaluated. */
export type Rule =
  | { readonly evaluate: (data: Data) => Outcome; readonly error?: undefined }
  | { readonly error: RuleError; readonly evaluate?: undefined }

/** The message of an error of a rule. Undefined for any other error. */
const messageOf = (error: unknown, run: Run): string | undefined => {
  if (error === STOPPED) return run.message
  return [DIVISION_BY_ZERO, TOO_MANY_DIGITS].find((known) => known === error)?.message
}

const evaluateWithin = (evaluate: Evaluate, data: Data): Outcome => {
  const run: Run = { steps: 0, characters: 0, place: undefined, message: '' }
  try {
    return { value: evaluate(run, data) }
  } catch (error) {
    const message = messageOf(error, run)
    if (message === undefined) throw error
    return { error: { path: writePlace(run.place), message: run.place ? `"${run.place.step}": ${message}` : message } }
  }
}

const makeRule = (text: string): Rule => {
  const compiled = compile(text)
  return typeof compiled === 'function' ? { evaluate: (data) => evaluateWithin(compiled, data) } : { error: compiled }
}

const MOST_RULES = 1000
const MOST_CHARACTERS = 1_048_576

/** Rules by their text, the oldest first. */
const rules = new Map<string, Rule>()
let characters = 0

const remember = (text: string, rule: Rule): void => {
  if (text.length > LONGEST_RULE) return
  for (const oldest of rules.keys()) {
    if (rules.size < MOST_RULES && characters + text.length <= MOST_CHARACTERS) break
    rules.delete(oldest)
    characters -= oldest.length
  }
  rules.set(text, rule)
  characters += text.length
}

/** Compiles a rule in the contract's dialect of JSON Logic. The last 1,000 compiled rules are cached. */
export const compileRule = (text: string): Rule => {
  const known = rules.get(text)
  if (known) return known
  const rule = makeRule(text)
  remember(text, rule)
  return rule
}
