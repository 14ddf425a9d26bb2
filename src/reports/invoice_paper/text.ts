import type { PDFDocument } from 'pdfkit'
import { type Fonts, type Run, isEastAsian } from './fonts.ts'

/** The document that is drawn into. */
export type Document = PDFDocument

/** How a text looks: its size in points, its weight, its colour, and the country by which its Chinese characters are written. */
export interface Style {
  size: number
  color: string
  isBold?: boolean
  country?: string | undefined
}

/** A line of a text, split into fonts, and its width in points. */
export interface TextLine {
  runs: readonly Run[]
  width: number
}

/** Writes texts into a document. Widths and places are in points, from the upper left corner. */
export interface Typesetter {
  /** Splits a text into lines of a width at most. */
  wrap: (text: string, width: number, style: Style) => TextLine[]
  /** Writes a line from its left end, or to its right end, on its baseline. */
  writeLine: (line: TextLine, x: number, baseline: number, style: Style, align?: 'LEFT' | 'RIGHT') => void
}

/** Where a line may end: after blanks, and before and after a Chinese or Japanese character, but not before a mark that closes something. */
const WORDS = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}][\p{Pe}\p{Pf}\p{Po}\u30FC]*|[^\s\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]+|\s+/gu

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** How much of its size the outline of a letter is made wider, where a family has no bold weight. */
const BOLDER = 0.022

const fontOf = ({ font }: Run, { isBold }: Style): string => `${font}-${isBold && !isEastAsian(font) ? 600 : 400}`

export const typesetterOf = (document: Document, { bytes, split, countryOf }: Fonts): Typesetter => {
  for (const [name, font] of bytes) document.registerFont(name, font)
  const measure = (text: string, style: Style): number => {
    let width = 0
    for (const run of split(text, style.country)) width += document.font(fontOf(run, style), style.size).widthOfString(run.text)
    return width
  }
  const lineOf = (text: string, style: Style): TextLine => ({ runs: split(text, style.country), width: measure(text, style) })

  /** Puts parts below each other into lines of a width. What does not fit is handed on. Each part is measured once, however long a text is. */
  const fill = (lines: string[], parts: Iterable<string>, width: number, style: Style, handOn?: (part: string) => void): void => {
    let used = measure(lines.at(-1) ?? '', style)
    for (const part of parts) {
      const size = measure(part, style)
      if (used + size <= width || !part.trim()) {
        lines[lines.length - 1] += part
        used += size
      } else if (size <= width || !handOn) {
        lines.push(part)
        used = size
      } else {
        handOn(part)
        used = measure(lines.at(-1) ?? '', style)
      }
    }
  }
  /** Splits a word that is wider than a line. */
  const breakWord = (lines: string[], word: string, width: number, style: Style): void => {
    lines.push('')
    fill(
      lines,
      Array.from(letters.segment(word), ({ segment }) => segment),
      width,
      style,
    )
  }
  const wrap = (text: string, width: number, its: Style): TextLine[] => {
    const lines = ['']
    /** Parts are in the fonts of the whole. */
    const style = { ...its, country: countryOf(text, its.country) }
    const words = text.normalize('NFC').replaceAll(/\s+/g, ' ').match(WORDS) ?? []
    fill(lines, words, width, style, (word) => breakWord(lines, word, width, style))
    return lines.filter((line) => line.trim()).map((line) => lineOf(line.trim(), style))
  }
  const writeLine: Typesetter['writeLine'] = ({ runs, width }, x, baseline, style, align = 'LEFT') => {
    let left = align === 'RIGHT' ? x - width : x
    document
      .fillColor(style.color)
      .strokeColor(style.color)
      .lineWidth(style.size * BOLDER)
    for (const run of runs) {
      const its = document.font(fontOf(run, style), style.size)
      const isThickened = style.isBold === true && isEastAsian(run.font)
      its.text(run.text, left, baseline, { lineBreak: false, baseline: 'alphabetic', ...(isThickened && { fill: true, stroke: true }) })
      left += its.widthOfString(run.text)
    }
  }
  return { wrap, writeLine }
}
