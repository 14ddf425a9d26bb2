import type { Fact, Party } from './paper.ts'
import {
  BODY,
  BOTTOM,
  HEIGHT,
  INK,
  LABEL,
  LEFT,
  MIDDLE,
  type Pen,
  RIGHT,
  SMALL,
  TONES,
  TOP,
  WIDTH,
  makeRoom,
  rule,
  writeBlock,
  writeOn,
} from './pen.ts'
import type { Style } from './text.ts'

/** Draws a party where the pen is, on more pages if it says so much. */
const drawParty = (pen: Pen, { name, lines, country }: Party, width: number, nameStyle: Style): void => {
  writeOn(pen, name, LEFT, width, { ...nameStyle, country })
  pen.y += 2
  for (const line of lines) writeOn(pen, line, LEFT, width, { ...SMALL, size: 8.5, country })
}

const drawFacts = (pen: Pen, facts: readonly Fact[], y: number): number => {
  let top = y
  for (const { name, value } of facts) {
    writeBlock(pen, name, MIDDLE, top + 0.7, 90, SMALL)
    top = writeBlock(pen, value, RIGHT, top, RIGHT - MIDDLE - 84, BODY, 'RIGHT') + 1.6
  }
  return top
}

/** Draws what stands above the lines on the first page: who asks whom for what. */
export const drawHead = (pen: Pen): void => {
  const { paper, document } = pen
  const { seller, customer, status } = paper
  const title: Style = { size: 22, color: INK, isBold: true }
  writeBlock(pen, paper.title, RIGHT, TOP - 6, 230, title, 'RIGHT')
  const tone: Style = { size: 8.5, color: TONES[status.tone], isBold: true }
  const [label] = pen.set.wrap(status.text, 230, tone)
  const width = (label?.width ?? 0) + 16
  document
    .roundedRect(RIGHT - width, TOP + 26, width, 17, 8.5)
    .lineWidth(0.9)
    .strokeColor(tone.color)
    .stroke()
  if (label) pen.set.writeLine(label, RIGHT - 8, TOP + 37.6, tone, 'RIGHT')
  pen.y = TOP - 2
  drawParty(pen, seller, 300, { size: 13, color: INK, isBold: true })
  if (document.bufferedPageRange().count === 1) pen.y = Math.max(pen.y, TOP + 52)
  pen.y += 16
  makeRoom(pen, BOTTOM / 2)
  const top = pen.y
  rule(pen, top)
  const end = drawFacts(pen, paper.facts, top + 15)
  const first = document.bufferedPageRange().count
  pen.y = writeBlock(pen, paper.title === 'Order' ? 'Ordered by' : 'Billed to', LEFT, top + 16, 220, LABEL) + 2
  drawParty(pen, customer, 236, { size: 10.5, color: INK, isBold: true })
  if (document.bufferedPageRange().count === first) pen.y = Math.max(pen.y, end)
  pen.y += 22
}

/** Draws a word across the first page, so that nobody takes it for what is to be paid. */
export const drawStamp = (pen: Pen, stamp: string): void => {
  const { document, set } = pen
  const style: Style = { size: 120, color: TONES.ENDED, isBold: true }
  const [line] = set.wrap(stamp, WIDTH, style)
  if (!line) return
  const [x, y] = [WIDTH / 2, HEIGHT / 2]
  document
    .save()
    .rotate(-28, { origin: [x, y] })
    .opacity(0.13)
  set.writeLine(line, x - line.width / 2, y + style.size * 0.36, style)
  document.restore()
}
