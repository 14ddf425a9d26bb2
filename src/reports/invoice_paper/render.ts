import { drawPaper } from './draw.ts'
import { type WrittenText, readFonts } from './fonts.ts'
import type { Paper } from './paper.ts'

/** The texts of a paper, each with the country by which it is written. What draws it has only Latin letters of its own. */
const textsOf = ({ title, seller, customer, facts, rows, sums, notes, status }: Paper): WrittenText[] => [
  ...[seller.name, ...seller.lines].map((text) => ({ text, country: seller.country })),
  ...[customer.name, ...customer.lines].map((text) => ({ text, country: customer.country })),
  ...[title, status.text, ...notes, ...facts.map(({ value }) => value)].map((text) => ({ text })),
  ...rows.flatMap(({ text, note = '' }) => [text, note]).map((text) => ({ text, country: customer.country })),
  ...sums.map(({ text }) => ({ text, country: customer.country })),
]

/** Renders the paper of an invoice as a PDF, with the fonts of its letters. */
export const renderPaper = async (assets: Fetcher, paper: Paper): Promise<Uint8Array> =>
  drawPaper(paper, await readFonts(assets, textsOf(paper)))
