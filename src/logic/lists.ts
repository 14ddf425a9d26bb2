import { compare } from '../lib/decimal.ts'
import { hasLeafAt, readPathWithin } from './paths.ts'
import type { Operators } from './operator.ts'
import { fail, type Run, spend, spendContents, spendNumber } from './run.ts'
import { type Data, isDecimal, isList, toText, type Value, valueOf } from './values.ts'

const merge = (values: readonly Value[], run: Run): Value => {
  const merged: Data[] = []
  for (const value of values) {
    spendContents(run, value)
    if (isList(value)) for (const item of value) merged.push(item)
    else merged.push(value)
  }
  return merged
}

/** The names that are not there, which are compared with the paths of the data's leaves. */
const findMissing = (names: readonly Data[], run: Run, data: Data): Data[] => {
  spend(run, names.length)
  return names.filter((name) => {
    const text = toText(valueOf(name))
    return text === undefined || !hasLeafAt(run, data, readPathWithin(run, text))
  })
}

/** Nothing where at least so many of the names are there, otherwise those that are not. */
const findMissingSome = ([least = null, names = null]: readonly Value[], run: Run, data: Data): Value => {
  if (!isDecimal(least)) return fail(run, 'must have a number as its first argument')
  if (!isList(names)) return fail(run, 'must have a list as its second argument')
  spendNumber(run, least)
  const missing = findMissing(names, run, data)
  return compare({ coefficient: BigInt(names.length - missing.length), scale: 0 }, least) < 0 ? missing : []
}

export const LISTS: Operators = [
  ['merge', { apply: merge }],
  ['missing', { apply: findMissing }],
  ['missing_some', { apply: findMissingSome }],
  /** The value as it is: nothing of an event is printed. */
  ['log', { takes: { allows: (count) => count >= 1, expected: 'an argument' }, apply: ([value = null]) => value }],
]
