import * as fc from 'fast-check'

/** A JSON Schema, as Zod writes it. */
export interface Schema {
  $ref?: string
  $defs?: Record<string, Schema>
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  items?: Schema
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  propertyNames?: Schema
  maxProperties?: number
}

/** What every generated text holds that is long enough, so that it is known wherever it turns up. */
export const MARK = 'mrk7f3'

/** Stands for a number that JSON can write and no program hold. */
const HUGE = `${MARK} huge`
export const textOf = (body: unknown): string => JSON.stringify(body).replaceAll(JSON.stringify(HUGE), '1e999')

/** Values by the name of a field, each of which is good there: the only ones, or some. */
export interface Words {
  only: Readonly<Record<string, readonly unknown[]>>
  some: Readonly<Record<string, readonly unknown[]>>
  /** Whole lists and objects that are good there. */
  whole: Readonly<Record<string, readonly unknown[]>>
  /** Fields that are left out more often. */
  seldom: readonly string[]
  /** Fields that are left out less often, since a request is seldom right without them. */
  often: readonly string[]
}

/** One name for a path parameter, a field and a list of them: `account_id` for `accountIds`. */
export const nameOf = (field: string): string =>
  field
    .replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    .replace(/(?<=id)s$/, '')
    .replace(/es$/, '')

/** A list that would hold more values is not made as long as it may be: a test of its own holds how many items it takes. */
const LARGEST_LIST = 5000

/** The longest text where a schema sets no limit. */
const LONG = 3000

const TAILS = [
  "'; DROP TABLE customers; --",
  '" OR "1"="1',
  '%00%ff',
  '/../..',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '🦊e\u0301',
  '\u202eesrever',
  '__proto__',
  String.raw`\u0000`,
  '?a=b&c=d#e',
  '$1 ?1 @a :b',
  'a  b',
]
const BARE = ['__proto__', 'constructor', 'toString', 'null', 'undefined', '0', '-1', 'NaN', "'", '%', 'true']
const DATES = [
  '1970-01-01T00:00:00Z',
  '2020-03-30T10:41:10.088499+05:30',
  '2990-01-01T00:00Z',
  '9998-12-31 23:59:59 UTC',
  '9999-01-01T00:00:00Z',
]

/** Days on which something can begin, and on which it can end. */
const DAYS = ['2026-04-01', '2026-05-15', '2026-12-31']
const LATER_DAYS = ['2027-01-01', '2031-02-28', '9999-01-01']

/** Whether a text has so many characters, which are counted one by one only where its length leaves it open. */
const isSized = (text: string, least: number, most: number): boolean => {
  const { length } = text
  if (length <= most && length >= 2 * least) return true
  const count = Array.from(text).length
  return count >= least && count <= most
}

const cut = (text: string, most: number): string => (text.length <= most ? text : Array.from(text).slice(0, most).join(''))

/** A text that no other is like. */
const marked = () => fc.nat(36 ** 7 - 1).map((n) => MARK + n.toString(36).padStart(7, '0'))

const text = ({ pattern, format, minLength: min = 0, maxLength: max = LONG }: Schema): fc.Arbitrary<string> => {
  if (format === 'date-time') return fc.constantFrom(...DATES)
  const form = pattern === undefined ? undefined : new RegExp(pattern)
  const fits = (one: string) => isSized(one, min, max) && (form?.test(one) ?? true)
  const tailed = fc.tuple(marked(), fc.constantFrom('', ...TAILS)).map(([head, tail]) => cut(head + tail, max).trim())
  const kinds = [
    { weight: 60, arbitrary: tailed, sample: cut(`${MARK}0000000`, max) },
    { weight: 10, arbitrary: marked().map((head) => cut(head.padEnd(max, 'x'), max)), sample: 'x'.repeat(max) },
    { weight: 50, arbitrary: marked().map((head) => `${head}'--@example.com`), sample: `${MARK}0000000'--@example.com` },
    ...BARE.map((one) => ({ weight: 1, arbitrary: fc.constant(one), sample: one })),
  ].filter(({ sample }) => fits(sample))
  if (!kinds.length) return form ? fc.stringMatching(form) : fc.string({ minLength: min, maxLength: max })
  return fc.oneof(...kinds.map(({ weight, arbitrary }) => ({ weight, arbitrary: arbitrary.filter(fits) })))
}

const whole = (min: number, max: number) => fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }))

/** What a schema takes, of a document of schemas. */
export const schemasOf = ({ $defs = {}, ...root }: Schema, { only, some, whole: wholes, seldom, often }: Words) => {
  const resolved = (schema: Schema): Schema => (schema.$ref ? resolved($defs[schema.$ref.replace('#/$defs/', '')] ?? {}) : schema)
  const isEmpty = (field: string) => only[nameOf(field)]?.length === 0

  const anyValid = (schema: Schema, field: string): fc.Arbitrary<unknown> => {
    const { type, const: constant, enum: codes, anyOf, oneOf, minimum = -1e9, maximum = 1e9 } = schema
    if (constant !== undefined) return fc.constant(constant)
    if (codes) return fc.constantFrom(...codes)
    const branches = anyOf ?? oneOf
    if (branches) return fc.oneof(...branches.map((branch) => valid(branch, field)))
    if (type === 'string') return text(schema)
    if (type === 'integer') return whole(minimum, maximum)
    if (type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true })
    if (type === 'boolean') return fc.boolean()
    if (type === 'null') return fc.constant(null)
    if (type === 'array') return list(schema, field)
    if (type === 'object') return schema.properties ? object(schema) : map(schema, field)
    return fc.jsonValue()
  }

  /** Roughly how many values a schema takes at once; a list counts as three of its items. */
  const sizeOf = (schema: Schema): number => {
    const its = resolved(schema)
    if (its.items) return 3 * sizeOf(its.items)
    return Object.values(its.properties ?? {}).reduce((sum, one) => sum + sizeOf(one), 1)
  }

  const list = ({ items = {}, minItems = 0, maxItems = 100 }: Schema, field: string) => {
    const item = valid(items, field)
    const sized = (minLength: number, maxLength: number) =>
      fc.uniqueArray(item, { minLength, maxLength, selector: (one) => JSON.stringify(one) })
    const few = sized(minItems, Math.min(minItems + 3, maxItems))
    if (maxItems * sizeOf(items) > LARGEST_LIST) return few
    return fc.oneof({ weight: 15, arbitrary: few }, { weight: 1, arbitrary: sized(maxItems, maxItems) })
  }

  const object = ({ properties = {}, required = [] }: Schema, most = Number.POSITIVE_INFINITY) => {
    const optional = Object.keys(properties).filter((key) => !required.includes(key) && !isEmpty(key))
    const fields = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, valid(properties[key] ?? {}, key)]))
    const chosen = fc.tuple(fc.subarray(optional, { maxLength: Math.min(optional.length, most) }), fc.nat(7))
    const usual = optional.filter((key) => often.includes(key))
    return chosen.chain(([keys, n]) => {
      const kept = keys.filter((key) => !n || !seldom.includes(key))
      return fc.record(fields([...new Set([...required, ...kept, ...(n ? usual : [])])]))
    })
  }

  const map = ({ propertyNames = {}, additionalProperties = {}, maxProperties = 20 }: Schema, field: string) => {
    const pair = fc.tuple(text(propertyNames), valid(additionalProperties as Schema, field))
    const isOwn = ([key]: [string, unknown]) => key !== '__proto__'
    return fc.array(pair.filter(isOwn), { maxLength: Math.min(3, maxProperties) }).map((pairs) => Object.fromEntries(pairs))
  }

  const found = new Map<Schema, Map<string, fc.Arbitrary<unknown>>>()

  /** What the schema takes, a little more often than not one of the words that are known. */
  const valid = (schema: Schema, field: string): fc.Arbitrary<unknown> => {
    const its = resolved(schema)
    const name = nameOf(field)
    const ofSchema = found.get(its) ?? new Map<string, fc.Arbitrary<unknown>>()
    found.set(its, ofSchema)
    const arbitrary = ofSchema.get(name) ?? findValid(its, field, name)
    ofSchema.set(name, arbitrary)
    return arbitrary
  }

  const findValid = (its: Schema, field: string, name: string): fc.Arbitrary<unknown> => {
    if (its.format === 'date') return fc.constantFrom(...(name.endsWith('until') ? LATER_DAYS : DAYS))
    const fixed = only[name]
    if (fixed?.length) return fc.constantFrom(...fixed)
    const isOfType = (word: unknown): boolean => (its.enum ? its.enum.includes(word) : typeof word === its.type)
    const isWhole = (word: unknown): boolean => its.type === (Array.isArray(word) ? 'array' : 'object')
    const known = [...(some[name] ?? []).filter(isOfType), ...(wholes[name] ?? []).filter(isWhole)]
    return known.length
      ? fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, { weight: 2, arbitrary: anyValid(its, field) })
      : anyValid(its, field)
  }

  return { root: resolved(root), resolved, sizeOf, valid, object, isEmpty, isFixed: (field: string) => only[nameOf(field)] !== undefined }
}

type Schemas = ReturnType<typeof schemasOf>

/** What was right made wrong in one place: where, and how. */
export interface Fault<Whole = unknown> {
  at: readonly (string | number)[]
  kind: string
  make: () => Whole
}

const typeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

const WRONG_DATES = ['', 'yesterday', '2020-13-01T00:00:00Z', '2021-02-29T00:00:00Z', '1969-12-31T23:59:59Z', '+275760-09-13T00:00:00.000Z']

const WRONG_DAYS = ['', 'today', '2026-4-1', '2026-02-29', '2026-13-01', '1969-12-31', '10000-01-01', '2026-03-30T00:00:00Z']

const MALFORMED = [MARK, ` ${MARK} `, `${MARK}!`, `${MARK}@example`, `${MARK} a@example.com`, `${MARK}@example.com,a@example.com`]

/** Texts that the schema does not take, each with what is wrong; `value` is one that it takes. */
const wrongTexts = (schema: Schema, value: string, isFixed: boolean): (readonly [kind: string, make: () => string])[] => {
  const { enum: codes, type, format, pattern, minLength: min = 0, maxLength: max, minimum, maximum } = schema
  const all = (kind: string, values: readonly string[]) => values.map((one) => [kind, () => one] as const)
  const rest = () => {
    if (codes) {
      const [first] = codes.map(String)
      const cases = [`${first?.toLowerCase()}`, `${first?.toUpperCase()}`]
      return all('unknown code', [`${MARK} code`, '', ...cases.filter((one) => !codes.includes(one))])
    }
    if (type === 'integer')
      return all('out of bounds', ['', 'x', '1.5', '1e1', '0x1', ' 1', `${Number(minimum) - 1}`, `${Number(maximum) + 1}`, '9'.repeat(400)])
    if (format === 'date-time') return all('malformed', WRONG_DATES)
    if (format === 'date') return all('malformed', WRONG_DAYS)
    const long = max === undefined ? [] : [() => MARK.padEnd(max + 1, 'x'), () => '🦊'.repeat(max + 1), () => MARK.repeat(max)]
    return [
      ...all('unknown code', isFixed ? ['z'.repeat(Math.min(max ?? 1, 20))] : []),
      ...long.map((make) => ['too long', make] as const),
      ...all('too short', min > 0 ? ['x'.repeat(min - 1)] : []),
      ...all(
        'malformed',
        MALFORMED.filter((one) => pattern !== undefined && !new RegExp(pattern).test(one)),
      ),
    ]
  }
  return [['NUL', () => `${value}\0`], ...rest()]
}

const WRONG: unknown[] = [`${MARK} text`, 5, true, null, [], {}]
const KEYS = [`${MARK}key`, '__proto__', 'constructor', '', `${MARK}'; DROP TABLE customers; --`, MARK.repeat(30)]

/** Every way in which `value`, which the schema takes, is made wrong in one place. An object with names of its own takes no others. */
export const faultsOf = (schemas: Schemas, schema: Schema, value: unknown, field = ''): Fault[] => {
  const its = schemas.resolved(schema)
  const { type, enum: codes, items = {}, properties = {}, required = [], additionalProperties, propertyNames, maxProperties } = its
  const { minItems = 0, maxItems, uniqueItems, minimum, maximum } = its
  if (type === undefined) return []
  const faults: Fault[] = []
  const wrong = (kind: string, make: () => unknown, at: Fault['at'] = []) => faults.push({ at, kind, make })
  const inside = (key: string | number, under: Schema, name: string, item: unknown, put: (made: unknown) => unknown) => {
    for (const { at, kind, make } of faultsOf(schemas, under, item, name)) wrong(kind, () => put(make()), [key, ...at])
  }
  for (const other of WRONG)
    if (typeOf(other) !== type && !(type === 'number' && other === 5)) wrong(other === null ? 'null' : 'wrong type', () => other)
  if (typeof value === 'string') {
    for (const [kind, make] of wrongTexts(its, value, schemas.isFixed(field))) wrong(kind, make)
    if (!codes) for (const made of [`${value.slice(0, -1)}\ud800`, `\udc00${value.slice(1)}`]) wrong('surrogate', () => made)
  }
  if (typeof value === 'number') {
    if (type === 'integer') wrong('wrong type', () => 1.5)
    if (minimum !== undefined) for (const made of [minimum - 1, -1e308]) wrong('out of bounds', () => made)
    if (maximum !== undefined) for (const made of [maximum + 1, 2 ** 53, 1e308, HUGE]) wrong('out of bounds', () => made)
  }
  if (Array.isArray(value)) {
    const list: unknown[] = value
    for (const [index, item] of list.entries()) inside(index, items, field, item, (made) => list.with(index, made))
    if (minItems > 0) wrong('too few', () => list.slice(0, minItems - 1))
    if (maxItems !== undefined && list.length && maxItems * schemas.sizeOf(items) <= LARGEST_LIST)
      for (const size of [maxItems + 1, maxItems * 20])
        wrong('too many', () => Array.from({ length: size }, (_, n) => list[n % list.length]))
    if (uniqueItems && list.length && list.length !== maxItems) wrong('repeated', () => [...list, list[0]], [list.length])
  }
  if (typeOf(value) === 'object') {
    const entries = Object.entries(value as object)
    const put = (key: string, made: unknown) => Object.fromEntries([...entries.filter(([name]) => name !== key), [key, made]])
    const free = typeof additionalProperties === 'object' ? additionalProperties : undefined
    for (const [key, item] of entries) inside(key, properties[key] ?? free ?? {}, key, item, (made) => put(key, made))
    for (const key of required) wrong('missing', () => Object.fromEntries(entries.filter(([name]) => name !== key)), [key])
    if (!free) for (const key of KEYS) if (!Object.hasOwn(properties, key)) wrong('unknown key', () => put(key, 1), [key])
    if (free && entries[0]) {
      const [[, item]] = entries as [[string, unknown]]
      const long = MARK.padEnd((propertyNames?.maxLength ?? 0) + 1, 'x')
      wrong('unknown key', () => put('__proto__', item), ['__proto__'])
      if (propertyNames?.minLength) wrong('too short', () => put('', item), [''])
      if (propertyNames?.maxLength) wrong('too long', () => put(long, item), [long])
      if (maxProperties)
        wrong('too many', () => Object.fromEntries(Array.from({ length: maxProperties + 1 }, (_, n) => [`${MARK}${n}`, item])))
    }
  }
  return faults
}

/** The parameters of a path or a query, all of which are text; a list is sent as often as it has items. */
export type Sent = Readonly<Record<string, string | readonly string[]>>

/** Every way in which one parameter of a path is wrong. */
export const pathFaultsOf = ({ root, resolved, isFixed }: Schemas, params: Sent): Fault<Sent>[] =>
  Object.entries(params).flatMap(([name, value]) =>
    wrongTexts(resolved(root.properties?.[name] ?? {}), String(value), isFixed(name))
      .filter(([kind]) => kind !== 'too short')
      .map(([kind, make]) => ({ at: [name], kind, make: () => ({ ...params, [name]: make() }) })),
  )

/** Every way in which a query is wrong in one parameter. */
export const queryFaultsOf = ({ root, resolved, isFixed, isEmpty }: Schemas, query: Sent): Fault<Sent>[] => {
  const { properties = {}, required = [] } = root
  const sent = (kind: string, name: string, make: () => string | readonly string[]): Fault<Sent> => ({
    at: [name],
    kind,
    make: () => Object.fromEntries([...Object.entries(query), [name, make()]]),
  })
  return [
    ...['dryrun', ...KEYS].filter((key) => key && !Object.hasOwn(properties, key)).map((key) => sent('unknown key', key, () => '1')),
    ...Object.keys(properties)
      .filter((name) => isEmpty(name))
      .map((name) => sent('unknown code', name, () => `${MARK} ${name}`)),
    ...Object.entries(query).flatMap(([name, value]) => [
      ...wrongTexts(resolved(properties[name] ?? {}), String(value), isFixed(name)).map(([kind, make]) => sent(kind, name, make)),
      sent('sent twice', name, () => [String(value), String(value)]),
    ]),
    ...required.map((name) => ({
      at: [name],
      kind: 'missing',
      make: () => Object.fromEntries(Object.entries(query).filter(([other]) => other !== name)),
    })),
  ]
}
