import * as z from 'zod/mini'

/** Adds a description to a schema, for the OpenAPI document. */
export const described = <Schema extends z.core.$ZodType>(description: string, schema: Schema): Schema => {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), description })
  return schema
}

/** Gives a schema its name in the contract. */
export const named = <Schema extends z.core.$ZodType>(id: string, schema: Schema, description?: string): Schema => {
  z.globalRegistry.add(schema, { id, ...(description && { description }) })
  return schema
}

/** The number of Unicode code points, which JSON Schema counts as characters. */
export const length = (value: string): number => {
  let count = 0
  for (const _ of value) count++
  return count
}

/** Says what is wrong with `value`, in words that follow its path. Undefined if nothing is. */
type Rule = (value: string) => string | undefined

/** Text that `keptAs` normalizes before it is checked and stored. */
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

/** Format characters and other invisible characters. A variation selector belongs to the character before it, so it is allowed. */
const UNSEEN = /(?!\p{Variation_Selector})[\p{Cf}\p{Default_Ignorable_Code_Point}]/u

/** A joiner between two letters, as in Persian and Indic scripts, or between two emoji that are shown as one. */
const JOINER =
  /(?<=[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200C\u200D](?=[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])/gu

const visible: Rule = (value) => {
  const [unseen] = UNSEEN.exec(value) ?? []
  const code = unseen?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  return code && `must not hold the invisible character U+${code}`
}

const visibleOrJoining: Rule = (value) => visible(value.replaceAll(JOINER, ''))

const notDots: Rule = (value) => (value === '.' || value === '..' ? 'must not be "." or "..", which no URL can carry' : undefined)

/** Free text. Without `max`, it has any length. */
export const text = (max?: number) => (max === undefined ? string([storable]) : string([between(0, max), storable], { maxLength: max }))

/** A password: any characters. */
export const secret = (min: number, max: number) => string([between(min, max), storable], { minLength: min, maxLength: max })

/** Text that matches a regular expression. */
export const matching = (form: RegExp, expected: string, max: number) =>
  string([(value) => (form.test(value) ? undefined : expected)], { maxLength: max, pattern: form.source })

/** Normalizes to NFC, so that two spellings that look the same are equal. A text far longer than `max` stays as it is, since normalizing can take quadratic time. */
const composed =
  (max: number) =>
  (value: string): string =>
    value.length > 8 * max ? value : value.normalize('NFC')

const naming = (min: number, max: number, rules: readonly Rule[], keptAs = composed(max)) =>
  string([between(min, max), storable, plain, ...rules], { minLength: min, maxLength: max }, keptAs)

/** Text that names something, stored in NFC: no control characters, no invisible characters, no spaces around it. */
export const label = (min: number, max: number) => naming(min, max, [visible])

/** A label that is stored in lower case. */
export const lowerCaseLabel = (min: number, max: number) =>
  naming(min, max, [visible], (value) => composed(max)(composed(max)(value).toLowerCase()))

/** A name for people to read: a label that may contain joiners between letters or emoji. */
export const displayName = (min: number, max: number) => naming(min, max, [visibleOrJoining])

const NAME = /^[\sa-zA-Z0-9_-]*$/

const nameable: Rule = (value) => (NAME.test(value) ? undefined : 'must hold letters of the alphabet, digits, "_", "-" and blanks only')

/** The contract's name of an event schema, a usage meter, an attribute or a dimension: 1 to 50 ASCII letters, digits, `_`, `-` and inner spaces. */
export const plainName = () => string([between(1, 50), storable, plain, nameable], { minLength: 1, maxLength: 50, pattern: NAME.source })

/** An id that the caller chooses. It must fit into a segment of a path. */
export const identifier = (min = 1, max = 50) => naming(min, max, [visible, notDots])

/** The contract's `^\S+@\S+\.\S+$` with only one @, and without characters that separate or quote addresses. */
const ADDRESS = /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/

const address: Rule = (value) =>
  ADDRESS.test(value) && !/['`\p{Pi}\p{Pf}]$/u.test(value) ? undefined : 'must be one e-mail address, such as admin@example.com'

export const email = () =>
  string([between(0, 320), storable, plain, visible, address], { maxLength: 320, pattern: ADDRESS.source }, composed(320))

/** A whole number. If a Zod integer fails, Zod skips checks that span fields; this one does not cause that. */
export const whole = (minimum: number, maximum: number, format: 'int32' | 'int64') =>
  z
    .number()
    .check(({ value, issues }) => {
      if (!Number.isInteger(value) || value < minimum || value > maximum)
        issues.push({ code: 'custom', input: value, message: `must be a whole number from ${minimum} to ${maximum}` })
    })
    .register(z.globalRegistry, { type: 'integer', format, minimum, maximum })

export const int32 = (minimum: number) => whole(minimum, 2 ** 31 - 1, 'int32')

/** The number of a version in a query, where every value is text. */
export const versionAsked = (description: string) =>
  z.pipe(
    z.string().register(z.globalRegistry, { type: 'integer', format: 'int32', minimum: 1, description }),
    z.transform((value: string, { issues }) => {
      const version = /^\d{1,9}$/.test(value) ? Number(value) : 0
      if (version < 1) issues.push({ code: 'custom', input: value, message: 'must be a whole number from 1 on' })
      return version
    }),
  )

/** One of a fixed set of codes that all have `size` characters. */
export const code = (isCode: (value: string) => boolean, expected: string, size: number) =>
  string([(value) => (isCode(value) ? undefined : `must be ${expected}`)], { minLength: size, maxLength: size })

/** Whether a value is an object. Checks that span fields need this, since they also run on values of the wrong type. */
export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** A list with more items is refused before its items are checked. */
const LONGEST_LIST = 1000

const holds = (min: number, max: number) =>
  z.superRefine<unknown[]>(
    ({ length: count }, context) => {
      if (count < min || count > max)
        context.addIssue({ code: 'custom', message: `must hold ${min ? `${min} to ${max}` : `${max} at most`}` })
    },
    { when: ({ value }) => Array.isArray(value) },
  )

/** A list of `min` to `max` items. */
export const list = <Item extends z.ZodMiniType>(item: Item, min: number, max: number) =>
  z.array(item).check(z.maxLength(LONGEST_LIST), holds(min, max)).register(z.globalRegistry, { minItems: min, maxItems: max })

/** A list of at most `max` items. Of repeated items, only the first is stored. */
export const set = <Item extends z.ZodMiniType<string>>(item: Item, max: number) =>
  z.array(item).check(
    z.maxLength(LONGEST_LIST),
    z.overwrite((items) => [...new Set(items)]),
    holds(0, max),
  )

/** Checks that no two items of a list have the same key. Items without a key are ignored; their own checks report them. */
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

/** A map by names, which are kept in NFC. The name `__proto__` is refused, since an object would silently lose it. */
const mapOf = <Value extends z.ZodMiniType>(value: Value, longestName: number, maxPairs: number) =>
  z.pipe(
    z.transform((sent: unknown, { issues }) => {
      if (isObject(sent) && Object.hasOwn(sent, '__proto__'))
        issues.push({ code: 'custom', input: sent, path: ['__proto__'], message: 'must have another name' })
      const names = isObject(sent) ? Object.keys(sent) : []
      if (names.length > LONGEST_LIST) issues.push({ code: 'custom', input: sent, message: `must hold ${maxPairs} pairs at most` })
      else {
        const kept = names.map(composed(longestName))
        for (const name of kept.filter((one, index) => kept.indexOf(one) < index))
          issues.push({ code: 'custom', input: sent, path: [name], message: 'must be given once: names are kept in NFC' })
      }
      return sent
    }),
    z
      .record(label(1, longestName), value)
      .check(
        z.superRefine(
          (pairs, context) => {
            if (Object.keys(pairs).length > maxPairs) context.addIssue({ code: 'custom', message: `must hold ${maxPairs} pairs at most` })
          },
          { when: ({ value: pairs }) => isObject(pairs) },
        ),
      )
      .register(z.globalRegistry, { maxProperties: maxPairs }),
  )

/** A map of text to text. */
export const textMap = (maxPairs: number) => mapOf(text(), 255, maxPairs)

/** A map of numbers by ids. */
export const numberMap = (maxPairs: number) => mapOf(z.number(), 50, maxPairs)

/** True or false, as a query has it. */
export const flag = (description: string) =>
  z.optional(z.enum(['true', 'false']).register(z.globalRegistry, { type: 'boolean', default: false, description }))
