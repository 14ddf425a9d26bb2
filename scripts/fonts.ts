import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { create } from 'fontkit'
import { fail, root } from './wrangler.ts'

/** A table of a font: its tag, its checksum and its bytes. */
interface Table {
  tag: string
  checksum: number
  bytes: Buffer
}

/** A family of fonts: which of its files are taken, in which weights, and whether its letters are moved towards each other. */
interface Family {
  name: string
  weights: readonly number[]
  scripts: RegExp
  isKerned: boolean
}

/** A file of 100 letters or so has a number. Others have a whole script, and are as large as all of these together where it is Han. */
const eastAsian = (name: string): Family => ({ name, weights: [400], scripts: /^\d+$/, isKerned: false })

/** The families of the invoice on paper. */
const FAMILIES: readonly Family[] = [
  { name: 'noto-sans', weights: [400, 600], scripts: /./, isKerned: true },
  ...['noto-sans-sc', 'noto-sans-tc', 'noto-sans-jp', 'noto-sans-kr'].map(eastAsian),
]

const DRAWN = new Set(['OS/2', 'cmap', 'glyf', 'head', 'hhea', 'hmtx', 'loca', 'maxp', 'name', 'post'])
const KERNING = new Set(['GDEF', 'GPOS'])
/** Other glyphs are put in the place of letters only in scripts that need it: what was put together cannot be copied as it was. */
const SUBSTITUTION = 'GSUB'
const SUBSTITUTED = new Set(['devanagari'])

const target = join(root, 'public/fonts')

/** The tables of a font in WOFF (W3C, WOFF File Format 1.0). */
const readTables = (woff: Buffer): Table[] => {
  if (woff.toString('latin1', 0, 4) !== 'wOFF')
    fail('A font is not in WOFF. See the release notes of @fontsource, and mend scripts/fonts.ts.')
  return Array.from({ length: woff.readUInt16BE(12) }, (_, index) => {
    const at = 44 + 20 * index
    const [offset, packed, length] = [woff.readUInt32BE(at + 4), woff.readUInt32BE(at + 8), woff.readUInt32BE(at + 12)]
    const bytes = woff.subarray(offset, offset + packed)
    return {
      tag: woff.toString('latin1', at, at + 4),
      checksum: woff.readUInt32BE(at + 16),
      bytes: packed < length ? inflateSync(bytes) : bytes,
    }
  })
}

/** A font in TrueType (OpenType 1.9, "Organization of an OpenType Font"). */
const writeTrueType = (tables: readonly Table[]): Buffer => {
  const power = Math.floor(Math.log2(tables.length))
  const head = Buffer.alloc(12 + 16 * tables.length)
  head.writeUInt32BE(0x00010000, 0)
  for (const [index, value] of [tables.length, 16 * 2 ** power, power, 16 * (tables.length - 2 ** power)].entries())
    head.writeUInt16BE(value, 4 + 2 * index)
  let offset = head.length
  const parts = tables.map(({ tag, checksum, bytes }, index) => {
    const at = 12 + 16 * index
    head.write(tag, at, 'latin1')
    for (const [field, value] of [checksum, offset, bytes.length].entries()) head.writeUInt32BE(value, at + 4 + 4 * field)
    const part = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
    offset += part.length
    return part
  })
  return Buffer.concat([head, ...parts])
}

/** Ranges of characters, each with the number of the file that has them. */
type Range = [first: number, last: number, file: number]

/** The ranges of the characters of files. What several files have is of the first. */
const rangesOf = (files: readonly (readonly number[])[]): Range[] => {
  const fileOf = new Map<number, number>()
  for (const [file, characters] of files.entries())
    for (const character of characters) if (!fileOf.has(character)) fileOf.set(character, file)
  const ranges: Range[] = []
  for (const [character, file] of [...fileOf].toSorted(([one], [other]) => one - other)) {
    const last = ranges.at(-1)
    if (last && last[1] === character - 1 && last[2] === file) last[1] = character
    else ranges.push([character, character, file])
  }
  return ranges
}

/** The order of the files of a family: those of whole scripts come first, in this order, then the numbered ones. */
const SCRIPTS = ['latin', 'latin-ext', 'greek', 'greek-ext', 'cyrillic', 'cyrillic-ext', 'vietnamese']

const rankOf = (script: string): number => {
  const at = SCRIPTS.indexOf(script)
  return at < 0 ? SCRIPTS.length : at
}

rmSync(target, { recursive: true, force: true })
mkdirSync(target, { recursive: true })
for (const { name, weights, scripts: taken, isKerned } of FAMILIES) {
  const from = join(root, 'node_modules/@fontsource', name)
  const suffix = `-${weights[0]}-normal.woff`
  const scripts = readdirSync(join(from, 'files'))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(name.length + 1, -suffix.length))
    .filter((script) => taken.test(script))
    .toSorted((one, other) => rankOf(one) - rankOf(other) || one.localeCompare(other, 'en', { numeric: true }))
  const characters = scripts.map((script) => {
    const isTaken = ({ tag }: Table): boolean =>
      DRAWN.has(tag) || (isKerned && KERNING.has(tag)) || (tag === SUBSTITUTION && SUBSTITUTED.has(script))
    const sets = weights.map((weight): readonly number[] => {
      const tables = readTables(readFileSync(join(from, `files/${name}-${script}-${weight}-normal.woff`)))
      const font = writeTrueType(tables.filter(isTaken))
      writeFileSync(join(target, `${name}-${script}-${weight}.ttf`), font)
      const parsed = create(font)
      return 'characterSet' in parsed ? parsed.characterSet : fail(`${name}-${script} is a collection of fonts`)
    })
    const [first = [], ...others] = sets
    return first.filter((character) => others.every((set) => set.includes(character)))
  })
  writeFileSync(
    join(target, `${name}.json`),
    JSON.stringify({ files: scripts.map((script) => `${name}-${script}`), ranges: rangesOf(characters) }),
  )
  copyFileSync(join(from, 'LICENSE'), join(target, `${name}-LICENSE.txt`))
}
