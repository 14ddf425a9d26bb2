import { ok, strictEqual } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { fail, root } from '../scripts/wrangler.ts'
import { type Sample, makeSamples } from './paper_samples.ts'
import { startServer } from './server.ts'

const LONGEST = 120_000
const TOKEN = 'dev-token'
const DOTS_PER_INCH = 110

const given = () => {
  try {
    return parseArgs({ options: { pictures: { type: 'string' } } }).values.pictures
  } catch {
    return fail('Usage: npm run test:paper -- [--pictures DIR]')
  }
}
const pictures = resolve(given() ?? join(root, '.wrangler/paper'))

if (spawnSync('pdftoppm', ['-v']).error) fail('There is no pdftoppm. Run apt-get install poppler-utils.')

const tool = (name: string, ...args: string[]): string => execFileSync(name, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })

/** A text without blanks, since lines of a text may end anywhere. */
const withoutBlanks = (text: string): string => text.normalize('NFKC').replaceAll(/\s+/g, '')

interface Word {
  text: string
  left: number
  top: number
  right: number
  bottom: number
}

/** The words of each page, with their places in points. */
const readWords = (file: string): Word[][] =>
  tool('pdftotext', '-bbox', file, '-')
    .split('<page ')
    .slice(1)
    .map((page) =>
      Array.from(
        page.matchAll(/<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)<\/word>/gs),
        ([, left, top, right, bottom, text = '']) => ({
          text,
          left: Number(left),
          top: Number(top),
          right: Number(right),
          bottom: Number(bottom),
        }),
      ),
    )

const [LEFT, RIGHT, LAST] = [51, 544, 818]

/** What is higher than this is of a stamp, which lies across the page. */
const STAMPED = 40

/** Whether two words lie on each other. Their boxes are higher than their letters. */
const overlap = (one: Word, other: Word): boolean =>
  Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
  Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 0.45 * Math.min(one.bottom - one.top, other.bottom - other.top)

/** Holds that nothing is cut off by the margins or lies on anything else, but for the stamp of what is void. */
const holdPlaces = ({ name }: Sample, file: string): void => {
  for (const page of readWords(file)) {
    ok(page.length, `${name} has a page without words`)
    const words = page.filter(({ top, bottom }) => bottom - top < STAMPED)
    for (const word of words)
      ok(word.left >= LEFT && word.right <= RIGHT && word.bottom <= LAST, `${name}: "${word.text}" is beyond the margins`)
    for (const [index, one] of words.entries())
      for (const other of words.slice(index + 1)) ok(!overlap(one, other), `${name}: "${one.text}" and "${other.text}" lie on each other`)
  }
}

/** Holds that all fonts are embedded as subsets whose letters can be copied. */
const holdFonts = ({ name }: Sample, file: string): void => {
  const fonts = tool('pdffonts', file).trim().split('\n').slice(2)
  ok(fonts.length > 0, `${name} has no fonts`)
  for (const font of fonts) ok(/ yes yes yes /.test(font), `${name}: not embedded, or not to be copied: ${font}`)
}

const download = async ({ name, url }: Sample): Promise<Buffer> => {
  const response = await fetch(url)
  strictEqual(response.status, 200, `${name} was answered ${response.status}`)
  strictEqual(response.headers.get('Content-Type'), 'application/pdf')
  return Buffer.from(await response.arrayBuffer())
}

/** Draws an invoice twice, and holds its texts, its pages, its fonts and its places. Gives how many bytes it has. */
const holdSample = async (sample: Sample): Promise<number> => {
  const { name, texts, pages } = sample
  const file = join(pictures, `${name}.pdf`)
  const [bytes, again] = [await download(sample), await download(sample)]
  ok(bytes.equals(again), `${name} has other bytes when it is drawn again`)
  writeFileSync(file, bytes)
  const text = withoutBlanks(tool('pdftotext', '-layout', file, '-'))
  for (const one of texts) ok(text.includes(withoutBlanks(one)), `${name}: "${one}" does not stand there`)
  strictEqual(/^Pages:\s+(\d+)/m.exec(tool('pdfinfo', file))?.[1], String(pages), `${name} has so many pages`)
  holdFonts(sample, file)
  holdPlaces(sample, file)
  tool('pdftoppm', '-r', String(DOTS_PER_INCH), '-png', file, join(pictures, name))
  return bytes.length
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''

const started = Date.now()
rmSync(pictures, { recursive: true, force: true })
mkdirSync(pictures, { recursive: true })
const server = await startServer()
const wrong: string[] = []
const sizes: number[] = []
try {
  await server.ready
  for (const sample of await makeSamples(server.url, TOKEN))
    await holdSample(sample).then(
      (size) => sizes.push(size),
      (error: unknown) => wrong.push(messageOf(error)),
    )
} catch (error) {
  wrong.push(messageOf(error))
} finally {
  await server.stop()
  if (process.env['DEBUG']) console.log(server.readOutput())
}
const took = Date.now() - started
console.log(`The invoices are in ${pictures}, as PDF and as pictures. Look at them.`)
if (wrong.length) fail(`Paper: ${wrong.join('\n')}`)
if (took > LONGEST) fail(`Paper: it took ${took / 1000} s, and should take less than ${LONGEST / 1000} s`)
console.log(
  `Paper: ${sizes.length} invoices have their texts, in embedded fonts, within their margins, of ${Math.ceil(Math.max(...sizes) / 1000)} KB at most, in ${(took / 1000).toFixed(1)} s`,
)
