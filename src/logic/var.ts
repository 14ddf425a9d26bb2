import { formatDecimal } from '../lib/decimal.ts'
import type { LazyOperator, Part } from './operator.ts'
import type { Place } from './place.ts'
import { findAt, PATH_EXPECTED, readPath, readPathWithin } from './paths.ts'
import { enter, fail, type Run, spendNumber } from './run.ts'
import { type Data, isDecimal, isList, type Value, valueOf } from './values.ts'

const EXPECTED = 'must have a path that is a text, a number or null'

/** Reads the value at a path: the whole data if the path is null or empty, or an item of a list if it is a number. */
const follow = (run: Run, data: Data, path: Value): Data => {
  if (path === null || path === '') return data
  if (typeof path === 'string') return findAt(run, data, readPathWithin(run, path))
  if (!isDecimal(path)) return fail(run, EXPECTED)
  spendNumber(run, path)
  return isList(data) ? data[Number(formatDecimal(path))] : undefined
}

/** The same text as V8 keeps the names of properties, which it finds in a third of the time. */
const intern = (name: string): string => Object.keys({ [name]: null })[0] ?? name

type Finder = (run: Run, data: Data) => Data

const compileFinder = ({ evaluate, constant }: Part, place: Place, refuse: (message: string) => never): Finder => {
  if (!constant)
    return (run, data) => {
      const path = evaluate(run, data)
      run.place = place
      return follow(run, data, path)
    }
  const { value } = constant
  if (typeof value === 'string' && value !== '') {
    const path = (readPath(value) ?? refuse(PATH_EXPECTED)).map((names) => names.map(intern))
    return (run, data) => findAt(run, data, path)
  }
  if (value !== null && value !== '' && !isDecimal(value)) refuse(EXPECTED)
  return (run, data) => follow(run, data, value)
}

const WHOLE: Finder = (_, data) => data

/** `var`: the value at a path, or the default if there is no value or null. The default cannot read data. */
export const VAR: LazyOperator = {
  compile: ([path, fallback], place, refuse) => {
    const find = path ? compileFinder(path, place, refuse) : WHOLE
    return (run, data) => {
      enter(run, place)
      const value = valueOf(find(run, data))
      return value === null && fallback ? fallback.evaluate(run, null) : value
    }
  },
}
