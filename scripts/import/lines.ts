import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Json } from './api.ts'
import { parseExactly } from './exact_json.ts'

export interface Line {
  file: string
  number: number
  text: string
}

/** Reads the lines of a file one after another, without the empty ones. */
export async function* readLines(folder: string, file: string): AsyncGenerator<Line> {
  const lines = createInterface({ input: createReadStream(`${folder}/${file}`), crlfDelay: Number.POSITIVE_INFINITY })
  let number = 0
  for await (const line of lines) {
    number++
    const text = line.replace(/^\uFEFF/, '').trim()
    if (text) yield { file, number, text }
  }
}

/** The JSON object of a line. Undefined if it is none. A number that JavaScript would round is a text, which the API refuses where it wants a number. */
export const parseLine = ({ text }: Line): Json | undefined => {
  try {
    const value = parseExactly(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

/** Works on what a source yields, so many at once. The first failure ends it when those under way are done. */
export const workAtOnce = async <Item>(source: AsyncIterable<Item>, most: number, work: (item: Item) => Promise<void>): Promise<void> => {
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  for await (const item of source) {
    if (failures.length) break
    const task: Promise<void> = work(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(task))
    running.add(task)
    if (running.size >= most) await Promise.race(running)
  }
  await Promise.all(running)
  if (failures.length) throw failures[0]
}

const sortNames = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortNames)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, item]) => [name, sortNames(item)]),
  )
}

/** The content of a line, whatever its blanks and the order of its names. */
export const contentOf = (line: Line): string => {
  const value = parseLine(line)
  return value ? JSON.stringify(sortNames(value)) : line.text
}
