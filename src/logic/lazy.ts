import { exactly, type ArgumentCount, type Evaluate, type LazyOperator, type Part } from './operator.ts'
import { enter, fail, spendContents } from './run.ts'
import { isList, isMap, isTruthy, type Value, valueOf } from './values.ts'
import { VAR } from './var.ts'

const NOTHING: Evaluate = () => null

const evaluatorOf = (part: Part | undefined): Evaluate => part?.evaluate ?? NOTHING

/** `if`: the first result whose condition is truthy, or the last argument. */
const CHOICE: LazyOperator = {
  compile: (parts, place) => {
    const choices: [condition: Evaluate, result: Evaluate][] = []
    for (let index = 0; index + 1 < parts.length; index += 2) choices.push([evaluatorOf(parts[index]), evaluatorOf(parts[index + 1])])
    const otherwise = evaluatorOf(parts.length % 2 ? parts.at(-1) : undefined)
    return (run, data) => {
      enter(run, place)
      for (const [condition, result] of choices) if (isTruthy(condition(run, data))) return result(run, data)
      return otherwise(run, data)
    }
  },
}

const AT_LEAST_ONE: ArgumentCount = { allows: (count) => count >= 1, expected: 'an argument' }

/** `and`, `or`: the first value that decides the result, or the last value. */
const firstOf = (ends: boolean): LazyOperator => ({
  takes: AT_LEAST_ONE,
  compile: (parts, place) => {
    const evaluators = parts.map(evaluatorOf)
    return (run, data) => {
      enter(run, place)
      let value: Value = null
      for (const evaluate of evaluators) {
        value = evaluate(run, data)
        if (isTruthy(value) === ends) return value
      }
      return value
    }
  },
})

const TWO = exactly(2)

const MAP: LazyOperator = {
  takes: TWO,
  compile: ([list, expression], place) => {
    const [listOf, evaluate] = [evaluatorOf(list), evaluatorOf(expression)]
    return (run, data) => {
      enter(run, place)
      const items = listOf(run, data)
      if (!isList(items)) return []
      return items.map((item) => {
        const value = evaluate(run, valueOf(item))
        spendContents(run, value)
        return value
      })
    }
  },
}

const NO_LIST = 'must have a list as its first argument'

const FILTER: LazyOperator = {
  takes: TWO,
  compile: ([list, expression], place) => {
    const [listOf, evaluate] = [evaluatorOf(list), evaluatorOf(expression)]
    return (run, data) => {
      enter(run, place)
      const items = listOf(run, data)
      run.place = place
      return isList(items) ? items.filter((item) => isTruthy(evaluate(run, valueOf(item)))) : fail(run, NO_LIST)
    }
  },
}

const REDUCE: LazyOperator = {
  takes: exactly(3),
  compile: ([list, expression, start], place) => {
    const [listOf, evaluate, startOf] = [evaluatorOf(list), evaluatorOf(expression), evaluatorOf(start)]
    return (run, data) => {
      enter(run, place)
      const items = listOf(run, data)
      let accumulator = startOf(run, data)
      if (!isList(items)) return accumulator
      for (const current of items) {
        accumulator = evaluate(run, { current, accumulator })
        if (isMap(accumulator)) spendContents(run, accumulator)
      }
      return accumulator
    }
  },
}

/** Ends at the first item whose truthiness is `endsAt`, with `ended`; `empty` is the result for a list of no items. */
const quantifier = (endsAt: boolean, ended: boolean, empty: boolean, takesNull: boolean): LazyOperator => ({
  takes: TWO,
  compile: ([list, expression], place) => {
    const [listOf, evaluate] = [evaluatorOf(list), evaluatorOf(expression)]
    return (run, data) => {
      enter(run, place)
      const items = listOf(run, data)
      if (items === null && takesNull) return empty
      run.place = place
      if (!isList(items)) return fail(run, NO_LIST)
      for (const item of items) if (isTruthy(evaluate(run, valueOf(item))) === endsAt) return ended
      return items.length ? !ended : empty
    }
  },
})

/** The operators that evaluate only some of their arguments, or evaluate them again for each item. */
export const LAZY_OPERATORS: ReadonlyMap<string, LazyOperator> = new Map([
  ['var', VAR],
  ['if', CHOICE],
  ['?:', CHOICE],
  ['and', firstOf(false)],
  ['or', firstOf(true)],
  ['map', MAP],
  ['filter', FILTER],
  ['reduce', REDUCE],
  ['all', quantifier(false, false, false, false)],
  ['some', quantifier(true, true, false, true)],
  ['none', quantifier(true, false, true, true)],
])
