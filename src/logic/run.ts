import type { Decimal } from '../lib/decimal.ts'
import type { Place } from './place.ts'
import { type Data, isList, isMap, toNumber, type Value } from './values.ts'

/** One evaluation of a rule: what it has used of its budget, and the operator that it is at. */
export interface Run {
  steps: number
  characters: number
  place: Place | undefined
  message: string
}

/** The budget of one evaluation: nodes that are evaluated, and what takes as long as one. */
const MOST_STEPS = 10_000

/** The budget of one evaluation: characters of all texts that it makes. */
const MOST_CHARACTERS = 1_048_576

/** What is thrown where an evaluation ends in an error; its run says which. */
export const STOPPED = new Error('the evaluation of a rule stopped')

export const fail = (run: Run, message: string): never => {
  run.message = message
  throw STOPPED
}

export const spend = (run: Run, steps: number): void => {
  run.steps += steps
  if (run.steps > MOST_STEPS) fail(run, 'comes after the 10,000 steps that a rule may take')
}

/** For an operation that begins: a step, and the place of an error. */
export const enter = (run: Run, place: Place): void => {
  run.place = place
  spend(run, 1)
}

/** For a text that is made. */
export const spendText = (run: Run, length: number): void => {
  run.characters += length
  if (run.characters > MOST_CHARACTERS) fail(run, 'comes after the 1,048,576 characters of text that a rule may make')
}

/** For a text that is read to its end. */
export const spendReading = (run: Run, length: number): void => {
  spend(run, length >> 12)
}

const [LONG, MINUS_LONG] = [10n ** 40n, -(10n ** 40n)]
const [VERY_LONG, MINUS_VERY_LONG] = [10n ** 512n, -(10n ** 512n)]

/** For a number that is reckoned with: a long one takes as long as many short ones. */
export const spendNumber = (run: Run, { coefficient, scale }: Decimal): void => {
  if (scale <= 40 && coefficient < LONG && coefficient > MINUS_LONG) return
  spend(run, scale > 512 || coefficient >= VERY_LONG || coefficient <= MINUS_VERY_LONG ? 100 : 10)
}

/** The number of a value, as toNumber gives it, that is reckoned with. */
export const readNumber = (run: Run, value: Value): Decimal | undefined => {
  if (typeof value === 'string') spend(run, value.length >> 6)
  const number = toNumber(value)
  if (number) spendNumber(run, number)
  return number
}

/** For a value that becomes a part of another: a step for each value in it, so that nothing grows by parts that are shared. */
export const spendContents = (run: Run, value: Data): void => {
  if (typeof value !== 'object') return
  const rest: Data[] = [value]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (!isList(next) && !isMap(next)) continue
    const items: readonly Data[] = isList(next) ? next : Object.values(next)
    spend(run, items.length)
    for (const item of items) if (typeof item === 'object' && item !== null) rest.push(item)
  }
}
