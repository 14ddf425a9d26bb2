import { fail, type Run, spend } from './run.ts'
import { type Data, isList, isMap } from './values.ts'

/**
 * A path into data, ready to be followed: for each of its steps the names that may stand there, since a name may have dots in it. The
 * longest comes first, which is all that is left of the path.
 */
export type Path = readonly (readonly string[])[]

const MOST_CHARACTERS = 1024
const MOST_STEPS = 50

/** The requirements of a path. */
export const PATH_EXPECTED = `a path must be of ${MOST_CHARACTERS} characters and ${MOST_STEPS} steps at most`

/** Splits the text of a path at its dots. Undefined if it is too long. */
export const readPath = (text: string): Path | undefined => {
  if (text.length > MOST_CHARACTERS) return undefined
  const ends: number[] = []
  for (let dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', dot + 1)) ends.push(dot)
  ends.push(text.length)
  if (ends.length > MOST_STEPS) return undefined
  return ends.map((_, from) => {
    const start = from === 0 ? 0 : (ends[from - 1] ?? 0) + 1
    return ends
      .slice(from)
      .toReversed()
      .map((end) => text.slice(start, end))
  })
}

/** The path that an evaluation makes of a text. */
export const readPathWithin = (run: Run, text: string): Path => {
  const path = readPath(text) ?? fail(run, PATH_EXPECTED)
  spend(run, (path.length * path.length) >> 3)
  return path
}

const INDEX = /^\d{1,9}$/

/** Where nothing is that counts; null is found, and counts for some. */
const isFound = (found: Data, countsNull: boolean): boolean => found !== undefined && (countsNull || found !== null)

const find = (run: Run, data: Data, path: Path, from: number, leaf: boolean): Data => {
  const names = path[from]
  if (!names) return leaf && isMap(data) ? undefined : data
  if (isList(data)) {
    const index = names.at(-1) ?? ''
    return INDEX.test(index) && !leaf ? find(run, data[Number(index)], path, from + 1, leaf) : undefined
  }
  if (!isMap(data)) return undefined
  spend(run, names.length >> 2)
  for (let dropped = 0; dropped < names.length; dropped++) {
    const name = names[dropped] ?? ''
    if (Object.hasOwn(data, name)) {
      const found = find(run, data[name], path, path.length - dropped, leaf)
      if (isFound(found, leaf)) return found
    }
  }
  return undefined
}

/** Reads the value at a path, in maps by own name and in lists by index. Undefined if there is no value or null. */
export const findAt = (run: Run, data: Data, path: Path): Data => find(run, data, path, 0, false) ?? undefined

/** Whether a path leads to a leaf, which is anything except a map. Null and empty text are leaves. */
export const hasLeafAt = (run: Run, data: Data, path: Path): boolean => find(run, data, path, 0, true) !== undefined
