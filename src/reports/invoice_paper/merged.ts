import type { Line } from '../../rating/line.ts'
import { type Row, rowsOf } from './rows.ts'
import { writeNumber, writePeriod } from './write.ts'

/** An invoice that was merged into another one, or into which others were merged. */
export interface MergedInvoice {
  id: string
  sequenceId: string | null
  startAt: number
  endAt: number
}

/** The most rows of merged invoices on one paper, and the most characters of these, so that a Worker can draw it in its memory. */
const [MOST_ROWS, MOST_CHARACTERS] = [1000, 20_000]

/** The rows of the invoices that were merged into that of their group: those of each add up to its total. What is too much for one paper is on papers of its own. */
export const rowsOfMerged = (
  lines: readonly Line[],
  merged: readonly MergedInvoice[],
  digits: number,
): { rows: Row[]; notes: string[] } => {
  const byId = new Map(merged.map((one) => [one.id, one]))
  let [rowsLeft, charactersLeft, leftOut] = [MOST_ROWS, MOST_CHARACTERS, 0]
  const rows = lines.flatMap((line): Row[] => {
    const its = byId.get(line.id ?? '')
    const note = its && [its.sequenceId ?? its.id, writePeriod(its.startAt, its.endAt)].join(', ')
    const amount = writeNumber(line.value, digits)
    const head = { text: line.description, ...(note !== undefined && { note }) }
    const inner = rowsOf(line, 1, digits)
    rowsLeft -= inner.length
    charactersLeft -= inner.reduce((sum, { text }) => sum + text.length, 0)
    if (inner.length && rowsLeft >= 0 && charactersLeft >= 0)
      return [{ kind: 'HEADING', depth: 0, ...head }, ...inner, { kind: 'TOTAL', depth: 0, text: `Total of ${line.description}`, amount }]
    leftOut++
    return [{ kind: 'LINE', depth: 0, ...head, amount }]
  })
  const notes = leftOut ? [`${leftOut} of ${lines.length} invoices are shown without their lines, which are on their own papers.`] : []
  return { rows, notes }
}
