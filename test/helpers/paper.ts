import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { extractText, getDocumentProxy } from 'unpdf'
import { expect } from 'vitest'
import { app } from '../../src/app.ts'

/** Follows a link to a file, without a token. */
export const follow = async (link: string): Promise<Response> =>
  app.fetch(
    new Request(link),
    { DB: env.DB, FILES: env.FILES, ASSETS: env.ASSETS, SIGNING_SECRET: env.SIGNING_SECRET },
    createExecutionContext(),
  )

/** The bytes of the PDF that a link leads to. */
export const readPdf = async (link: string): Promise<Uint8Array> => {
  const response = await follow(link)
  expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'application/pdf'])
  return new Uint8Array(await response.arrayBuffer())
}

/** The texts of the pages of a PDF, as a reader would copy them. */
export const readPages = async (bytes: Uint8Array): Promise<string[]> => {
  const { text } = await extractText(await getDocumentProxy(bytes.slice()), { mergePages: false })
  return text
}

/** The names of the fonts of a PDF, each without the mark of its subset. */
export const fontsOf = (bytes: Uint8Array): Set<string> =>
  new Set(Array.from(new TextDecoder('latin1').decode(bytes).matchAll(/\/BaseFont \/[A-Z]{6}\+([\w-]+)/g), ([, name = '']) => name))

interface Glyph {
  originalCharCode: number
  isInFont: boolean
}

/** The numbers of all glyphs that are drawn. 0 is that of a character which the font does not have. */
export const glyphsOf = async (bytes: Uint8Array): Promise<number[]> => {
  const pdf = await getDocumentProxy(bytes.slice())
  const numbers: number[] = []
  for (let page = 1; page <= pdf.numPages; page++) {
    const { argsArray } = await (await pdf.getPage(page)).getOperatorList()
    const shown = (argsArray as unknown[][]).flat(2).filter((one) => typeof one === 'object' && one !== null && 'originalCharCode' in one)
    numbers.push(...(shown as Glyph[]).map(({ originalCharCode }) => originalCharCode))
  }
  return numbers
}

/** How near to the end of a page its texts come, in points from below: of each page. What is below 0 is not seen. */
export const lowestOf = async (bytes: Uint8Array): Promise<number[]> => {
  const pdf = await getDocumentProxy(bytes.slice())
  const pages = await Promise.all(Array.from({ length: pdf.numPages }, (_, page) => pdf.getPage(page + 1)))
  const texts = await Promise.all(pages.map((page) => page.getTextContent()))
  return texts.map(({ items }) =>
    Math.min(...items.flatMap((item) => ('str' in item && item.str.trim() ? [item.transform[5] as number] : []))),
  )
}
