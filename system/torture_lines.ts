import { hundredthsOf } from './torture_values.ts'

/** A line of an invoice as it is kept: its type by its place, its value or 0 where that is the sum of its lines, and these in the eighth place. */
type PackedLine = readonly [type: unknown, id: unknown, text: unknown, value: string | 0, ...rest: unknown[]]

/** The types of lines by their places, which never change. */
export const [USAGE_LINE, CREDIT_LINE] = [6, 29] as const

const treeOf = (rated: string): PackedLine => (JSON.parse(rated) as { tree: PackedLine }).tree

const linesIn = (line: PackedLine): PackedLine[] => (line[7] ?? []) as PackedLine[]

/** The lines of a type, of an invoice as it is kept. */
export const findLines = (rated: string, type: number): PackedLine[] => {
  const find = (line: PackedLine): PackedLine[] => (line[0] === type ? [line] : linesIn(line).flatMap(find))
  return find(treeOf(rated))
}

/** What a line comes to, in hundredths: its value, or that of its lines. */
export const sumLine = (line: PackedLine): bigint =>
  line[3] === 0 ? linesIn(line).reduce((sum, one) => sum + sumLine(one), 0n) : hundredthsOf(line[3])

/** What all lines of an invoice come to, in hundredths. */
export const sumLines = (rated: string): bigint => sumLine(treeOf(rated))
