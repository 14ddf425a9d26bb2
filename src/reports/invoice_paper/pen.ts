import type { Paper } from './paper.ts'
import type { Document, Style, Typesetter } from './text.ts'

/** A4, and what is left free around it, in points. */
export const [WIDTH, HEIGHT] = [595.28, 841.89]
export const [LEFT, RIGHT, TOP, BOTTOM] = [52, WIDTH - 52, 54, HEIGHT - 62]

export const INK = '#16191d'
const MUTED = '#667080'
export const FAINT = '#dfe3e8'
export const TONES = { OPEN: '#8a5a00', SETTLED: '#1b6e45', ENDED: '#a12b2b' } as const

export const BODY: Style = { size: 9, color: INK }
export const SMALL: Style = { size: 8, color: MUTED }
export const LABEL: Style = { size: 7.5, color: MUTED }

/** Where the right half begins, which has the facts and the sums. */
export const MIDDLE = 318

/** How far a line is from the next one. */
export const leading = ({ size }: Style): number => size * 1.42

/** A page that is being drawn, from top to bottom. */
export interface Pen {
  document: Document
  set: Typesetter
  paper: Paper
  y: number
}

export const rule = ({ document }: Pen, y: number, from = LEFT, color = FAINT): void => {
  document.moveTo(from, y).lineTo(RIGHT, y).lineWidth(0.6).strokeColor(color).stroke()
}

/** Writes a text in lines below each other, and gives where the next one would begin. */
export const writeBlock = (
  { set }: Pen,
  text: string,
  x: number,
  y: number,
  width: number,
  style: Style,
  align: 'LEFT' | 'RIGHT' = 'LEFT',
): number => {
  let top = y
  for (const line of set.wrap(text, width, style)) {
    set.writeLine(line, x, top + style.size, style, align)
    top += leading(style)
  }
  return top
}

/** Begins another page, which says what it goes on with. */
const turnPage = (pen: Pen): void => {
  const { document, paper } = pen
  document.addPage()
  const style: Style = { ...SMALL, isBold: true, color: INK, country: paper.seller.country }
  const [name] = pen.set.wrap(paper.seller.name, 300, style)
  if (name) pen.set.writeLine(name, LEFT, TOP - 14 + style.size, style)
  writeBlock(pen, `${paper.title} ${paper.number}`, RIGHT, TOP - 14, 180, SMALL, 'RIGHT')
  pen.y = TOP + 18
}

/** Makes room for so much, on another page if it has to be. Returns whether that was begun. */
export const makeRoom = (pen: Pen, height: number): boolean => {
  if (pen.y + height <= BOTTOM) return false
  turnPage(pen)
  return true
}

/** Writes a text in lines below each other where the pen is, on more pages if it has to be. */
export const writeOn = (pen: Pen, text: string, x: number, width: number, style: Style): void => {
  for (const line of pen.set.wrap(text, width, style)) {
    makeRoom(pen, leading(style))
    pen.set.writeLine(line, x, pen.y + style.size, style)
    pen.y += leading(style)
  }
}
