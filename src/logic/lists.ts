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

/** `missing`: the names that are not paths of leaves in the data. */
const findMissing = (names: readonly Data[], run: Run, data: Data): Data[] => {
  spend(run, names.length)
  return names.filter((name) => {
    const text = toText(valueOf(name))
    return text === undefined || !hasLeafAt(run, data, readPathWithin(run, text))
  })
}

/** `missing_some`: an empty list if enough names exist, otherwise the missing names. */
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
  /** `log`: returns its value without printing it, since events may be confidential. */
  ['log', { takes: { allows: (count) => count >= 1, expected: 'an argument' }, apply: ([value = null]) => value }],
]
