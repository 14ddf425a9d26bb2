import { type Json, type JsonObject, measureJson, parseExactJson } from './json.ts'
import { LAZY_OPERATORS } from './lazy.ts'
import type { ArgumentCount, Evaluate, LazyOperator, Operator, Part } from './operator.ts'
import { OPERATORS } from './operators.ts'
import { type Place, type RuleError, writePlace } from './place.ts'
import { enter, fail, spend, spendContents } from './run.ts'
import { isDecimal, isList, type Value, valueOf } from './values.ts'

/** The most operations and lists that may stand in each other. */
const MOST_DEPTH = 50
const TOO_DEEP = `must not be nested more than ${MOST_DEPTH} deep`

/** The state of a compilation: the number of operations, and the error that ended it. */
interface Compilation {
  operations: number
  refusal: RuleError | undefined
}

/** Thrown if a rule can never be evaluated. Its compilation has the error. */
const REFUSED = new Error('a rule was refused')

const refuse = (compilation: Compilation, place: Place | undefined, message: string): never => {
  compilation.refusal = { path: writePlace(place), message }
  throw REFUSED
}

const compileConstant = (value: Value): Part => ({
  constant: { value },
  evaluate: (run) => {
    spend(run, 1)
    return value
  },
})

const compileList = (items: readonly Part[]): Part => {
  const constants = items.flatMap(({ constant }) => constant ?? [])
  if (constants.length === items.length) return { ...compileConstant(constants.map(({ value }) => value)), items }
  return {
    items,
    evaluate: (run, data) => {
      spend(run, 1)
      return items.map(({ evaluate }) => {
        const value = evaluate(run, data)
        spendContents(run, value)
        return value
      })
    },
  }
}

/** For a single argument that may evaluate to a list, whose items then are the arguments. */
const applySpread =
  ({ takes, apply }: Operator, only: Evaluate, place: Place): Evaluate =>
  (run, data) => {
    enter(run, place)
    const value = only(run, data)
    run.place = place
    if (isList(value)) spend(run, value.length)
    const values = isList(value) ? value.map(valueOf) : [value]
    if (takes && !takes.allows(values.length)) fail(run, `must have ${takes.expected}`)
    return apply(values, run, data)
  }

const applyToAll = ({ apply }: Operator, parts: readonly Part[], place: Place): Evaluate => {
  const evaluators = parts.map(({ evaluate }) => evaluate)
  const [first, second] = evaluators
  if (first && second && evaluators.length === 2)
    return (run, data) => {
      enter(run, place)
      const values = [first(run, data), second(run, data)]
      run.place = place
      return apply(values, run, data)
    }
  return (run, data) => {
    enter(run, place)
    const values = evaluators.map((evaluate) => evaluate(run, data))
    run.place = place
    return apply(values, run, data)
  }
}

const isJsonList = (json: Json): json is readonly Json[] => Array.isArray(json)

/** The arguments of an operation. A value that is not a list is the only argument. */
const compileArguments = (compilation: Compilation, written: Json, place: Place, depth: number): readonly Part[] =>
  isJsonList(written)
    ? written.map((item, index) => compilePart(compilation, item, { parent: place, step: index }, depth))
    : [compilePart(compilation, written, place, depth)]

type Refuse = (message: string) => never

const checkCount = (takes: ArgumentCount | undefined, count: number, refuseHere: Refuse): void => {
  if (takes && !takes.allows(count)) refuseHere(`must have ${takes.expected}, and has ${count}`)
}

/** A list as the only argument contains the arguments, both in the rule and at run time. */
const compileEager = (operator: Operator, written: readonly Part[], place: Place, refuseHere: Refuse): Evaluate => {
  const [only] = written
  const parts = (written.length === 1 && only?.items) || written
  if (only && parts === written && parts.length === 1 && !only.constant) return applySpread(operator, only.evaluate, place)
  checkCount(operator.takes, parts.length, refuseHere)
  return applyToAll(operator, parts, place)
}

const compileLazy = (operator: LazyOperator, parts: readonly Part[], place: Place, refuseHere: Refuse): Evaluate => {
  checkCount(operator.takes, parts.length, refuseHere)
  return operator.compile(parts, place, refuseHere)
}

const compileOperation = (compilation: Compilation, operation: JsonObject, at: Place | undefined, depth: number): Part => {
  const names = Object.keys(operation)
  const [name] = names
  if (name === undefined || names.length > 1) return refuse(compilation, at, `must have one operator, and has ${names.length}`)
  compilation.operations++
  const place = { parent: at, step: name }
  const refuseHere: Refuse = (message) => refuse(compilation, place, `"${name}": ${message}`)
  const lazy = LAZY_OPERATORS.get(name)
  const eager = OPERATORS.get(name)
  const parts = lazy || eager ? compileArguments(compilation, operation[name] ?? null, place, depth) : []
  if (lazy) return { evaluate: compileLazy(lazy, parts, place, refuseHere) }
  if (eager) return { evaluate: compileEager(eager, parts, place, refuseHere) }
  return refuse(compilation, at, `must have an operator such as var, if, == or +, and "${name.slice(0, 60).toWellFormed()}" is none`)
}

const compilePart = (compilation: Compilation, json: Json, place: Place | undefined, depth: number): Part => {
  if (typeof json === 'number') return refuse(compilation, place, 'must be a number of 512 digits at most on each side of the point')
  if (json === null || typeof json !== 'object' || isDecimal(json)) return compileConstant(json)
  if (depth === MOST_DEPTH) return refuse(compilation, place, TOO_DEEP)
  if (!isJsonList(json)) return compileOperation(compilation, json, place, depth + 1)
  return compileList(json.map((item, index) => compilePart(compilation, item, { parent: place, step: index }, depth + 1)))
}

/** The most characters of a rule. */
export const LONGEST_RULE = 65_536

/** The deepest nesting that is parsed. */
const MOST_BRACKETS = 1000

const parseRule = (compilation: Compilation, text: string): Json => {
  try {
    return parseExactJson(text)
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : '').split(', "')
    return refuse(compilation, undefined, `must be JSON: ${reason}`)
  }
}

const compileText = (compilation: Compilation, text: string): Evaluate => {
  if (!text.trim()) refuse(compilation, undefined, 'must not be blank')
  if (text.length > LONGEST_RULE) refuse(compilation, undefined, `must have ${LONGEST_RULE} characters at most`)
  const { depth, names } = measureJson(text)
  if (depth > MOST_BRACKETS) refuse(compilation, undefined, TOO_DEEP)
  const { evaluate } = compilePart(compilation, parseRule(compilation, text), undefined, 0)
  if (names > compilation.operations) refuse(compilation, undefined, 'must not name an operator twice in one object')
  return evaluate
}

/** Compiles the text of a rule to a function, or returns an error with the place and what it should be. */
export const compile = (text: string): Evaluate | RuleError => {
  const compilation: Compilation = { operations: 0, refusal: undefined }
  try {
    return compileText(compilation, text)
  } catch (error) {
    if (error === REFUSED && compilation.refusal) return compilation.refusal
    throw error
  }
}
