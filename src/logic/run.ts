import type { Decimal } from '../lib/decimal.ts'
import type { Place } from './place.ts'
import { type Data, isList, isMap, toNumber, type Value } from './values.ts'

/** The state of an evaluation: how much of its budget is used, and the current operator. */
export interface Run {
  steps: number
  characters: number
  place: Place | undefined
  message: string
}

/** The budget of an evaluation in steps. A step takes about as long as evaluating one node. */
const MOST_STEPS = 10_000

/** The budget of an evaluation in characters of the texts that it makes. */
const MOST_CHARACTERS = 1_048_576

/** Thrown if an evaluation fails. Its run has the message. */
export const STOPPED = new Error('the evaluation of a rule stopped')

export const fail = (run: Run, message: string): never => {
  run.message = message
  throw STOPPED
}

export const spend = (run: Run, steps: number): void => {
  run.steps += steps
  if (run.steps > MOST_STEPS) fail(run, 'comes after the 10,000 steps that a rule may take')
}

/** Counts a step at the beginning of an operation, and sets the place for errors. */
export const enter = (run: Run, place: Place): void => {
  run.place = place
  spend(run, 1)
}

/** Counts the characters of a new text. */
export const spendText = (run: Run, length: number): void => {
  run.characters += length
  if (run.characters > MOST_CHARACTERS) fail(run, 'comes after the 1,048,576 characters of text that a rule may make')
}

/** Counts the steps of reading a whole text. */
export const spendReading = (run: Run, length: number): void => {
  spend(run, length >> 12)
}

const [LONG, MINUS_LONG] = [10n ** 40n, -(10n ** 40n)]
const [VERY_LONG, MINUS_VERY_LONG] = [10n ** 512n, -(10n ** 512n)]

/** Counts the steps of calculating with a number. Long numbers cost more. */
export const spendNumber = (run: Run, { coefficient, scale }: Decimal): void => {
  if (scale <= 40 && coefficient < LONG && coefficient > MINUS_LONG) return
  spend(run, scale > 512 || coefficient >= VERY_LONG || coefficient <= MINUS_VERY_LONG ? 100 : 10)
}

/** Converts a value with toNumber, and counts its steps. */
export const readNumber = (run: Run, value: Value): Decimal | undefined => {
  if (typeof value === 'string') spend(run, value.length >> 6)
  const number = toNumber(value)
  if (number) spendNumber(run, number)
  return number
}

/** Counts a step for each value inside a value that becomes part of another, so that shared parts cannot grow without limit. */
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
