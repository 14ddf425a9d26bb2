import { PDFDocument } from 'pdfkit'
import { toBytes } from 'pdfkit/output'
import type { Fonts } from './fonts.ts'
import { drawHead, drawStamp } from './head.ts'
import type { Paper, Sum } from './paper.ts'
import {
  BODY,
  FAINT,
  HEIGHT,
  INK,
  LABEL,
  LEFT,
  MIDDLE,
  type Pen,
  RIGHT,
  SMALL,
  TOP,
  WIDTH,
  leading,
  makeRoom,
  rule,
  writeBlock,
  writeOn,
} from './pen.ts'
import type { Row } from './rows.ts'
import { type Style, type TextLine, typesetterOf } from './text.ts'

/** The right ends of the columns of numbers and how wide these may be, and how wide the first column may be. */
const COLUMNS = { quantity: { right: 356, width: 68 }, price: { right: 442, width: 80 }, amount: { right: RIGHT, width: 95 } } as const
const TEXT_WIDTH = 228
const INDENT = 11
const drawColumns = (pen: Pen): void => {
  const { y, paper } = pen
  writeBlock(pen, 'Description', LEFT, y, TEXT_WIDTH, LABEL)
  writeBlock(pen, 'Quantity', COLUMNS.quantity.right, y, 90, LABEL, 'RIGHT')
  writeBlock(pen, 'Unit price', COLUMNS.price.right, y, 90, LABEL, 'RIGHT')
  writeBlock(pen, `Amount (${paper.currency})`, COLUMNS.amount.right, y, 100, LABEL, 'RIGHT')
  rule(pen, y + 14.5, LEFT, INK)
  pen.y = y + 20
}

/** Makes room for a row, on another page of the table if it has to be. */
const makeRoomForRow = (pen: Pen, height: number): void => {
  if (makeRoom(pen, height)) drawColumns(pen)
}

const ROW_STYLES: Readonly<Record<Row['kind'], Style>> = {
  HEADING: { ...BODY, isBold: true },
  LINE: BODY,
  DETAIL: SMALL,
  TOTAL: { ...BODY, isBold: true },
}

/** A number on one line: in smaller digits, if it has so many. */
const fitNumber = ({ set }: Pen, text: string, width: number, style: Style): { line: TextLine | undefined; style: Style } => {
  const [line] = set.wrap(text, WIDTH, style)
  if (!line || line.width <= width) return { line, style }
  const smaller = { ...style, size: (style.size * width) / line.width }
  return { line: set.wrap(text, WIDTH, smaller)[0], style: smaller }
}

const drawRow = (pen: Pen, row: Row, next: Row | undefined): void => {
  const { set, paper } = pen
  const style: Style = { ...ROW_STYLES[row.kind], country: paper.customer.country }
  const x = LEFT + INDENT * row.depth
  const [padding, above] = row.kind === 'DETAIL' ? [0.8, 0] : [3.6, row.kind === 'HEADING' ? 4 : 0]
  const lines = set.wrap(row.text, TEXT_WIDTH - INDENT * row.depth, style)
  const notes = row.note === undefined ? [] : set.wrap(row.note, TEXT_WIDTH - INDENT * row.depth, SMALL)
  const height = above + padding * 2 + lines.length * leading(style) + notes.length * leading(SMALL)
  /** A heading stands on the page of what it heads. */
  makeRoomForRow(pen, height + (row.kind === 'HEADING' ? 40 : 0))
  let top = pen.y + above + padding
  const first = top
  for (const line of lines) {
    set.writeLine(line, x, top + style.size, style)
    top += leading(style)
  }
  for (const line of notes) {
    set.writeLine(line, x, top + SMALL.size, SMALL)
    top += leading(SMALL)
  }
  for (const column of ['quantity', 'price', 'amount'] as const) {
    if (row[column] === undefined) continue
    const number = fitNumber(pen, row[column], COLUMNS[column].width, style)
    if (number.line) set.writeLine(number.line, COLUMNS[column].right, first + style.size, number.style, 'RIGHT')
  }
  pen.y = top + padding
  if (row.kind === 'HEADING' || next?.kind === 'DETAIL') return
  if (row.kind === 'DETAIL') pen.y += 3
  rule(pen, pen.y)
}

const SUM_STYLES: Readonly<Record<Sum['weight'], Style>> = {
  PLAIN: BODY,
  STRONG: { ...BODY, isBold: true },
  LAST: { ...BODY, size: 11.5, isBold: true },
}

/** How wide a sum may be beside what it is called. */
const WIDEST_SUM = 138

const drawSums = (pen: Pen): void => {
  const { set, paper } = pen
  pen.y += 10
  for (const [index, { text, amount, weight }] of paper.sums.entries()) {
    const style: Style = { ...SUM_STYLES[weight], country: paper.customer.country }
    const value = fitNumber(pen, amount, WIDEST_SUM, style)
    const lines = set.wrap(text, RIGHT - MIDDLE - (value.line?.width ?? 0) - 12, style)
    makeRoom(pen, lines.length * leading(style) + 12)
    if (weight !== 'PLAIN') {
      if (index > 0) rule(pen, pen.y + 2, MIDDLE, weight === 'LAST' ? INK : FAINT)
      pen.y += 6
    }
    const first = pen.y
    for (const line of lines) {
      set.writeLine(line, MIDDLE, pen.y + style.size, style)
      pen.y += leading(style)
    }
    if (value.line) set.writeLine(value.line, RIGHT, first + style.size, value.style, 'RIGHT')
    pen.y += 2.4
  }
}

const drawNotes = (pen: Pen): void => {
  pen.y += 18
  for (const note of pen.paper.notes) {
    writeOn(pen, note, LEFT, RIGHT - LEFT, SMALL)
    pen.y += 3
  }
}

/** Draws what stands at the end of each page, when it is known how many there are. */
const drawFeet = (pen: Pen): void => {
  const { document, paper } = pen
  const { start, count } = document.bufferedPageRange()
  for (let page = 0; page < count; page++) {
    document.switchToPage(start + page)
    rule(pen, HEIGHT - 46)
    writeBlock(pen, `${paper.title} ${paper.number}. All dates are in UTC.`, LEFT, HEIGHT - 38, 360, LABEL)
    writeBlock(pen, `Page ${page + 1} of ${count}`, RIGHT, HEIGHT - 38, 100, LABEL, 'RIGHT')
  }
}

/** Draws the paper of an invoice as a PDF. The same paper gives the same bytes. */
export const drawPaper = (paper: Paper, fonts: Fonts): Promise<Uint8Array> => {
  const title = `${paper.title} ${paper.number}`
  const document = new PDFDocument({
    size: 'A4',
    margin: 0,
    bufferPages: true,
    lang: 'en',
    displayTitle: true,
    font: '',
    info: {
      Title: title,
      Author: paper.seller.name,
      CreationDate: new Date(paper.madeAt),
      Producer: 'PDFKit',
      Creator: 'Togai API on Workers',
    },
  })
  const bytes = toBytes(document)
  const pen: Pen = { document, set: typesetterOf(document, fonts), paper, y: TOP }
  if (paper.stamp !== undefined) drawStamp(pen, paper.stamp)
  drawHead(pen)
  makeRoom(pen, 60)
  drawColumns(pen)
  for (const [index, row] of paper.rows.entries()) drawRow(pen, row, paper.rows[index + 1])
  drawSums(pen)
  drawNotes(pen)
  drawFeet(pen)
  document.end()
  return bytes
}
