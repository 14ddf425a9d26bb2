import * as z from 'zod/mini'

/** The same schema with what the document says of it. */
export const described = <Schema extends z.core.$ZodType>(description: string, schema: Schema): Schema => {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), description })
  return schema
}

/** The same schema under the contract's name of it. */
export const named = <Schema extends z.core.$ZodType>(id: string, schema: Schema, description?: string): Schema => {
  z.globalRegistry.add(schema, { id, ...(description && { description }) })
  return schema
}

/** Characters are Unicode code points, as JSON Schema counts them. */
export const length = (value: string): number => {
  let count = 0
  for (const _ of value) count++
  return count
}

/** What is wrong with `value`, in words that follow its path; undefined when nothing is. */
type Rule = (value: string) => string | undefined

/** Text of which `keptAs` is kept, and checked. */
const string = (
  rules: readonly Rule[],
  documented: { minLength?: number; maxLength?: number; pattern?: string } = {},
  keptAs = (value: string): string => value,
) =>
  z
    .string()
    .check(z.overwrite(keptAs), ({ value, issues }) => {
      let message: string | undefined
      for (const rule of rules) message ??= rule(value)
      if (message) issues.push({ code: 'custom', input: value, message })
    })
    .register(z.globalRegistry, documented)

const between =
  (min: number, max: number): Rule =>
  (value) =>
    value.length > 2 * max || length(value) > max || length(value) < min
      ? `must be ${min ? `${min} to ${max} characters` : `${max} characters at most`}`
      : undefined

const storable: Rule = (value) => (!value.isWellFormed() || value.includes('\0') ? 'must be well-formed Unicode without NUL' : undefined)

const plain: Rule = (value) => {
  if (/\p{Cc}/u.test(value)) return 'must hold no control characters'
  if (value && !/[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]/u.test(value)) return 'must hold something that can be seen'
  return value.trim() === value ? undefined : 'must not begin or end with a blank'
}

/** Format characters and whatever else is shown as nothing. A variation selector is part of the character before it. */
const UNSEEN = /(?!\p{Variation_Selector})[\p{Cf}\p{Default_Ignorable_Code_Point}]/u

/** A joiner between two letters, as Persian and the scripts of India write them, or between two emoji that are shown as one. */
const JOINER =
  /(?<=[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200C\u200D](?=[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])/gu

const visible: Rule = (value) => {
  const [unseen] = UNSEEN.exec(value) ?? []
  const code = unseen?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  return code && `must not hold the invisible character U+${code}`
}

const visibleOrJoining: Rule = (value) => visible(value.replaceAll(JOINER, ''))

const notDots: Rule = (value) => (value === '.' || value === '..' ? 'must not be "." or "..", which no URL can carry' : undefined)

/** Free text, of any length unless it has a limit. */
export const text = (max?: number) => (max === undefined ? string([storable]) : string([between(0, max), storable], { maxLength: max }))

/** A password: any characters. */
export const secret = (min: number, max: number) => string([between(min, max), storable], { minLength: min, maxLength: max })

/** Text of a form. */
export const matching = (form: RegExp, expected: string, max: number) =>
  string([(value) => (form.test(value) ? undefined : expected)], { maxLength: max, pattern: form.source })

/** NFC, in which two spellings that look the same are one. A text far over `max` stays as it is: composing it takes up to the square of its length. */
const composed =
  (max: number) =>
  (value: string): string =>
    value.length > 8 * max ? value : value.normalize('NFC')

const naming = (min: number, max: number, rules: readonly Rule[], keptAs = composed(max)) =>
  string([between(min, max), storable, plain, ...rules], { minLength: min, maxLength: max }, keptAs)

/** Text that names a thing, kept in NFC: no control characters, none that cannot be seen, no blanks around it. */
export const label = (min: number, max: number) => naming(min, max, [visible])

/** A label that is kept in lower case. */
export const lowerCaseLabel = (min: number, max: number) =>
  naming(min, max, [visible], (value) => composed(max)(composed(max)(value).toLowerCase()))

/** A name that people read: a label in which letters and emoji may be joined. */
export const displayName = (min: number, max: number) => naming(min, max, [visibleOrJoining])

const NAME = /^[\sa-zA-Z0-9_-]*$/

const nameable: Rule = (value) => (NAME.test(value) ? undefined : 'must hold letters of the alphabet, digits, "_", "-" and blanks only')

/** The contract's name of a schema, of a meter and of what events hold: 1 to 50 letters and digits of ASCII, `_`, `-` and blanks between them. */
export const plainName = () => string([between(1, 50), storable, plain, nameable], { minLength: 1, maxLength: 50, pattern: NAME.source })

/** A caller's id, which must fit a segment of a path. */
export const identifier = (min = 1, max = 50) => naming(min, max, [visible, notDots])

/** The contract's `^\S+@\S+\.\S+$` with one @, and without what stands between two addresses or around one. */
const ADDRESS = /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/

const address: Rule = (value) =>
  ADDRESS.test(value) && !/['`\p{Pi}\p{Pf}]$/u.test(value) ? undefined : 'must be one e-mail address, such as admin@example.com'

export const email = () =>
  string([between(0, 320), storable, plain, visible, address], { maxLength: 320, pattern: ADDRESS.source }, composed(320))

/** A whole number. Zod's own integers keep checks that span fields from running once they fail. */
export const whole = (minimum: number, maximum: number, format: 'int32' | 'int64') =>
  z
    .number()
    .check(({ value, issues }) => {
      if (!Number.isInteger(value) || value < minimum || value > maximum)
        issues.push({ code: 'custom', input: value, message: `must be a whole number from ${minimum} to ${maximum}` })
    })
    .register(z.globalRegistry, { type: 'integer', format, minimum, maximum })

export const int32 = (minimum: number) => whole(minimum, 2 ** 31 - 1, 'int32')

/** One of a fixed set of codes, all `size` characters long. */
export const code = (isCode: (value: string) => boolean, expected: string, size: number) =>
  string([(value) => (isCode(value) ? undefined : `must be ${expected}`)], { minLength: size, maxLength: size })

/** For checks that span fields, which also run on what is not of its type. */
export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Past this a list is refused before its items are read. */
const LONGEST_LIST = 1000

const holds = (min: number, max: number) =>
  z.superRefine<unknown[]>(
    ({ length: count }, context) => {
      if (count < min || count > max)
        context.addIssue({ code: 'custom', message: `must hold ${min ? `${min} to ${max}` : `${max} at most`}` })
    },
    { when: ({ value }) => Array.isArray(value) },
  )

/** A list of `min` to `max` items. One that is somewhat too long has its items checked as well. */
export const list = <Item extends z.ZodMiniType>(item: Item, min: number, max: number) =>
  z.array(item).check(z.maxLength(LONGEST_LIST), holds(min, max)).register(z.globalRegistry, { minItems: min, maxItems: max })

/** A list of which each item is kept once, where it comes first: `max` of them at most. */
export const set = <Item extends z.ZodMiniType<string>>(item: Item, max: number) =>
  z.array(item).check(
    z.maxLength(LONGEST_LIST),
    z.overwrite((items) => [...new Set(items)]),
    holds(0, max),
  )

/** No two items of a list have the same key. An item without one, which is not of its type, is left to its own checks. */
export const distinct = <Item>(keyOf: (item: Item) => string | undefined, because: string) =>
  z.superRefine<Item[]>(
    (items, context) => {
      const seen = new Map<string, number>()
      for (const [index, item] of items.entries()) {
        const key = keyOf(item)
        if (typeof key !== 'string') continue
        const first = seen.get(key)
        if (first === undefined) seen.set(key, index)
        else context.addIssue({ code: 'custom', path: [index], message: `must not repeat [${first}]: ${because}` })
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  )

const LONGEST_NAME = 255

/** A map of text to text. `__proto__`, which an object cannot hold as data, is refused and not lost. */
export const textMap = (maxPairs: number) =>
  z.pipe(
    z.transform((value: unknown, { issues }) => {
      if (isObject(value) && Object.hasOwn(value, '__proto__'))
        issues.push({ code: 'custom', input: value, path: ['__proto__'], message: 'must have another name' })
      const names = isObject(value) ? Object.keys(value) : []
      if (names.length > LONGEST_LIST) issues.push({ code: 'custom', input: value, message: `must hold ${maxPairs} pairs at most` })
      else {
        const kept = names.map(composed(LONGEST_NAME))
        for (const name of kept.filter((one, index) => kept.indexOf(one) < index))
          issues.push({ code: 'custom', input: value, path: [name], message: 'must be given once: names are kept in NFC' })
      }
      return value
    }),
    z
      .record(label(1, LONGEST_NAME), text())
      .check(
        z.superRefine(
          (value, context) => {
            if (Object.keys(value).length > maxPairs) context.addIssue({ code: 'custom', message: `must hold ${maxPairs} pairs at most` })
          },
          { when: ({ value }) => isObject(value) },
        ),
      )
      .register(z.globalRegistry, { maxProperties: maxPairs }),
  )
