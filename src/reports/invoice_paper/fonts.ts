/** A part of a text in one font. */
export interface Run {
  text: string
  /** The file of the font, without its weight. */
  font: string
}

/** The fonts of some texts: the bytes of each by its name with the weight, and how a text is split among them. */
export interface Fonts {
  bytes: ReadonlyMap<string, Uint8Array>
  split: (text: string, country?: string) => Run[]
  /** The country by which the Chinese characters of a whole text are written, and so those of each part of it. */
  countryOf: (text: string, country?: string) => string
}

/** A text that is to be written, and the country by which its Chinese characters are written. */
export interface WrittenText {
  text: string
  country?: string | undefined
}

/** The characters of a family: its files, and ranges of characters in order, each with the number of its file. */
interface Family {
  files: readonly string[]
  ranges: readonly (readonly [first: number, last: number, file: number])[]
}

/** Has the letters of all scripts that are not East Asian, and what stands for a character that no font has. */
const FIRST = 'noto-sans'
const REPLACEMENT = '\uFFFD'
export const WEIGHTS = [400, 600] as const

/** East Asian families by the country whose characters they have. Where one lacks a character, the next ones are asked. */
const EAST_ASIAN: Readonly<Record<string, string>> = {
  CN: 'noto-sans-sc',
  SG: 'noto-sans-sc',
  TW: 'noto-sans-tc',
  HK: 'noto-sans-tc',
  MO: 'noto-sans-tc',
  JP: 'noto-sans-jp',
  KR: 'noto-sans-kr',
}
const EAST_ASIAN_FAMILIES: readonly string[] = [...new Set(Object.values(EAST_ASIAN))]

/** The country by which a text is written: one character has several forms (Unicode 17, 18.1), and that of the customer's country comes first, or that of the language that can be told. */
const countryOf = (text: string, country = ''): string => {
  if (country in EAST_ASIAN) return country
  if (/[\u3041-\u30FF]/.test(text)) return 'JP'
  return /\p{scx=Hang}/u.test(text) ? 'KR' : 'CN'
}

/** The families that a text is written in. */
const familiesOf = (text: string, country: string | undefined): string[] => {
  const first = EAST_ASIAN[countryOf(text, country)] ?? 'noto-sans-sc'
  return [FIRST, first, ...EAST_ASIAN_FAMILIES.filter((family) => family !== first)]
}

/** What this Worker has read of its static files, which change only with it: the characters of families, and the fonts of `noto-sans`, 1 MB at most. */
const kept = { families: new Map<string, Family>(), fonts: new Map<string, Uint8Array>() }

const fetchFile = async (assets: Fetcher, name: string): Promise<Response> => {
  const response = await assets.fetch(`https://assets/fonts/${name}`)
  if (!response.ok) throw new Error(`The static file fonts/${name} is missing`)
  return response
}

const readFamily = async (assets: Fetcher, name: string): Promise<Family> => {
  const family = kept.families.get(name) ?? (await (await fetchFile(assets, `${name}.json`)).json<Family>())
  kept.families.set(name, family)
  return family
}

const readFont = async (assets: Fetcher, name: string): Promise<Uint8Array> => {
  const font = kept.fonts.get(name) ?? new Uint8Array(await (await fetchFile(assets, `${name}.ttf`)).arrayBuffer())
  if (!isEastAsian(name)) kept.fonts.set(name, font)
  return font
}

const findFile = ({ files, ranges }: Family, character: number): string | undefined => {
  let [low, high] = [0, ranges.length - 1]
  while (low <= high) {
    const middle = (low + high) >>> 1
    const [first, last, file] = ranges[middle] as Family['ranges'][number]
    if (character < first) high = middle - 1
    else if (character > last) low = middle + 1
    else return files[file]
  }
  return undefined
}

/** Text that needs no looking up. */
const PLAIN = /^(?! )(?:[\x21-\x7E]| (?! ))*$/

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' })

const UNSEEN = /^[\p{Default_Ignorable_Code_Point}\p{Cc}]+$/u

/** The file that has a character: of the first family that has it. */
const fileOf = (character: string, families: readonly Family[]): string | undefined => {
  for (const family of families) {
    const file = findFile(family, character.codePointAt(0) ?? 0)
    if (file !== undefined) return file
  }
  return undefined
}

/** The characters of a letter, each with its font: of one font, if one has them all. What cannot be seen is left out where it is missing. */
const splitLetter = (letter: string, families: readonly Family[]): Run[] | undefined => {
  const characters = Array.from(letter)
  for (const family of families) {
    const files = characters.map((text) => ({ text, font: findFile(family, text.codePointAt(0) ?? 0) }))
    const seen = files.filter(({ text, font }) => font !== undefined || !UNSEEN.test(text))
    const [{ font } = { font: undefined }] = seen
    if (font !== undefined && seen.every((one) => one.font === font)) return [{ text: seen.map(({ text }) => text).join(''), font }]
  }
  const apart = characters.filter((text) => !UNSEEN.test(text)).map((text) => ({ text, font: fileOf(text, families) }))
  return apart.every((one): one is Run => one.font !== undefined) ? apart : undefined
}

/** Splits a text into runs. A letter that no font has, or none of `files`, becomes a replacement character. */
const splitText = (text: string, families: readonly Family[], latin: string, files?: ReadonlySet<string>): Run[] => {
  const runs: Run[] = []
  for (const { segment } of letters.segment(text.normalize('NFC').replaceAll(/\s+/g, ' '))) {
    if (UNSEEN.test(segment)) continue
    const split = splitLetter(segment, families)
    const isKnown = split?.every(({ font }) => !files || files.has(font))
    for (const part of split && isKnown ? split : [{ text: REPLACEMENT, font: latin }]) {
      const last = runs.at(-1)
      if (last?.font === part.font) last.text += part.text
      else runs.push({ ...part })
    }
  }
  return runs
}

/** Whether a font is of an East Asian family, which has one weight. */
export const isEastAsian = (font: string): boolean => EAST_ASIAN_FAMILIES.some((family) => font.startsWith(`${family}-`))

/** Reads the fonts of texts: only those that have their characters, of some 100 characters each. */
export const readFonts = async (assets: Fetcher, texts: readonly WrittenText[]): Promise<Fonts> => {
  const families = new Map([[FIRST, await readFamily(assets, FIRST)]])
  /** The files that are read: a part of a text has no others than the whole. */
  let files: ReadonlySet<string> | undefined
  const [latin = ''] = families.get(FIRST)?.files ?? []
  const known = new Map<string, Run[]>()
  const split = (text: string, country = ''): Run[] => {
    if (PLAIN.test(text)) return [{ text, font: latin }]
    const key = `${country} ${text}`
    const runs =
      known.get(key) ??
      splitText(
        text,
        familiesOf(text, country).flatMap((name) => families.get(name) ?? []),
        latin,
        files,
      )
    known.set(key, runs)
    return runs
  }
  const isShort = ({ text, country }: WrittenText): boolean => split(text, country).some((run) => run.text.includes(REPLACEMENT))
  /** Whatever families other texts need, a text is written in those that come first for it. */
  for (const written of texts.filter(isShort))
    for (const name of familiesOf(written.text, written.country)) {
      if (families.has(name)) continue
      if (!isShort(written)) break
      families.set(name, await readFamily(assets, name))
      known.clear()
    }
  files = new Set([latin, ...texts.flatMap(({ text, country }) => split(text, country).map(({ font }) => font))])
  known.clear()
  const names = [...files].flatMap((file) => (isEastAsian(file) ? [`${file}-400`] : WEIGHTS.map((weight) => `${file}-${weight}`)))
  const bytes = await Promise.all(names.map(async (name) => [name, await readFont(assets, name)] as const))
  return { bytes: new Map(bytes), split, countryOf }
}
