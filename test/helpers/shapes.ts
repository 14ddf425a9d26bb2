interface Bounds {
  min?: number
  max?: number
}

interface Field {
  isRequired: boolean
  shape: () => Shape
}

/** Which JSON is taken: of an operation by its schema, or of a client by its model. */
export type Shape =
  | { kind: 'any' | 'boolean' | 'null' }
  | (Bounds & { kind: 'text'; values?: readonly string[]; pattern?: string; form?: 'time' | 'date' })
  | (Bounds & { kind: 'number'; whole: boolean })
  | (Bounds & { kind: 'list' | 'map'; of: () => Shape })
  | { kind: 'object'; name: string; open: boolean; fields: Readonly<Record<string, Field>> }
  | { kind: 'union'; of: readonly Shape[] }

/** The shape of a body that is not read. */
export const NOTHING: Shape = { kind: 'any' }

type Json = Readonly<Record<string, unknown>>

const bounds = (min: unknown, max: unknown): Bounds => ({
  ...(typeof min === 'number' && { min }),
  ...(typeof max === 'number' && { max }),
})

const FORMS: Readonly<Record<string, 'time' | 'date'>> = { 'date-time': 'time', date: 'date' }

const shapeOfText = (schema: Json): Shape => {
  const values = (schema['const'] === undefined ? schema['enum'] : [schema['const']]) as string[] | undefined
  const form = FORMS[String(schema['format'])]
  const { pattern } = schema
  return {
    kind: 'text',
    ...bounds(schema['minLength'], schema['maxLength']),
    ...(values && { values }),
    ...(form && { form }),
    ...(typeof pattern === 'string' && !form && { pattern }),
  }
}

/** The shape that a schema of the OpenAPI document describes. */
export const shapeOf = (schemas: Readonly<Record<string, Json>>, schema: Json): Shape => {
  const named = typeof schema['$ref'] === 'string' ? (schema['$ref'].split('/').at(-1) ?? '') : undefined
  const own = named === undefined ? schema : (schemas[named] ?? {})
  const inside = (part: unknown): Shape => shapeOf(schemas, part as Json)
  const branches = own['anyOf'] ?? own['oneOf']
  if (Array.isArray(branches)) return { kind: 'union', of: branches.map(inside) }
  const { type, properties, additionalProperties: others, required = [] } = own
  if (type === 'array') return { kind: 'list', ...bounds(own['minItems'], own['maxItems']), of: () => inside(own['items'] ?? {}) }
  if (type === 'integer' || type === 'number')
    return { kind: 'number', whole: type === 'integer', ...bounds(own['minimum'], own['maximum']) }
  if (type === 'boolean' || type === 'null') return { kind: type }
  if (type === 'string' || own['enum'] || own['const'] !== undefined) return shapeOfText(own)
  if (type !== 'object') return { kind: 'any' }
  if (!properties && typeof others === 'object') return { kind: 'map', of: () => inside(others) }
  const fields = Object.entries(properties ?? {}).map(([name, part]) => [
    name,
    { isRequired: (required as string[]).includes(name), shape: () => inside(part) },
  ])
  return { kind: 'object', name: named ?? '', open: others !== false, fields: Object.fromEntries(fields) as Record<string, Field> }
}

/** `least` is what a bound that is not said means: no text and no list is shorter than 0. */
const boundsGap = (narrow: Bounds, wide: Bounds, least = 0): string | undefined => {
  if ((narrow.min ?? least) < (wide.min ?? least)) return `may be ${narrow.min ?? 'any number'}, and ${wide.min} is the least`
  if ((narrow.max ?? Number.POSITIVE_INFINITY) > (wide.max ?? Number.POSITIVE_INFINITY))
    return `may be ${narrow.max ?? 'any number'}, and ${wide.max} is the most`
  return undefined
}

type Text = Extract<Shape, { kind: 'text' }>

const textGap = (narrow: Text, wide: Text): string | undefined => {
  const strange = wide.values && (narrow.values?.filter((value) => !wide.values?.includes(value)) ?? ['any text'])
  if (strange?.length) return `may be ${strange.join(', ')}`
  if (wide.form && wide.form !== narrow.form) return `may be no ${wide.form}`
  if (narrow.values || wide.form || narrow.form) return undefined
  if (wide.pattern && wide.pattern !== narrow.pattern) return `may be another text than ${wide.pattern}`
  return boundsGap(narrow, wide)
}

export type Gap = [at: string, what: string]

const objectGaps = (
  narrow: Extract<Shape, { kind: 'object' }>,
  wide: Extract<Shape, { kind: 'object' }>,
  at: string,
  seen: readonly string[],
): Gap[] => {
  const pair = `${narrow.name} ${wide.name}`
  if (narrow.name && wide.name && seen.includes(pair)) return []
  const gaps: Gap[] = []
  for (const [name, { isRequired, shape }] of Object.entries(wide.fields)) {
    const own = narrow.fields[name]
    if (isRequired && !own?.isRequired) gaps.push([`${at}.${name}`, 'may be left out'])
    if (own) gaps.push(...findGaps(own.shape(), shape(), `${at}.${name}`, [...seen, pair]))
  }
  const unknown = wide.open ? [] : Object.keys(narrow.fields).filter((name) => !(name in wide.fields))
  return [...gaps, ...unknown.map((name): Gap => [`${at}.${name}`, 'is not known'])]
}

/** Where something of the narrow shape may not be of the wide one. */
export const findGaps = (narrow: Shape, wide: Shape, at = '', seen: readonly string[] = []): Gap[] => {
  if (wide.kind === 'any') return []
  if (narrow.kind === 'union') return narrow.of.flatMap((one) => findGaps(one, wide, at, seen))
  if (wide.kind === 'union') {
    const tries = wide.of.map((one) => findGaps(narrow, one, at, seen))
    return tries.some((gaps) => gaps.length === 0) ? [] : (tries[wide.of.findIndex(({ kind }) => kind === narrow.kind)] ?? tries[0] ?? [])
  }
  if (narrow.kind === 'object' && wide.kind === 'object') return objectGaps(narrow, wide, at, seen)
  if (narrow.kind === 'object' && wide.kind === 'map' && !narrow.open)
    return Object.entries(narrow.fields).flatMap(([name, { shape }]) => findGaps(shape(), wide.of(), `${at}.${name}`, seen))
  if (narrow.kind !== wide.kind) return [[at, `is ${narrow.kind}, and not ${wide.kind}`]]
  if ((narrow.kind === 'list' || narrow.kind === 'map') && (wide.kind === 'list' || wide.kind === 'map')) {
    const gap = boundsGap(narrow, wide)
    return [...(gap ? [[at, gap] as Gap] : []), ...findGaps(narrow.of(), wide.of(), `${at}[]`, seen)]
  }
  const gap =
    narrow.kind === 'text' && wide.kind === 'text'
      ? textGap(narrow, wide)
      : narrow.kind === 'number' && wide.kind === 'number'
        ? wide.whole && !narrow.whole
          ? 'may be no whole number'
          : boundsGap(narrow, wide, Number.NEGATIVE_INFINITY)
        : undefined
  return gap ? [[at, gap]] : []
}

/** Clients read times with another offset, or none, too: an event is shown as it was sent. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(?:Z|[+-]\d\d:\d\d)?$/
const DATE = /^\d{4}-\d\d-\d\d$/

const isWithin = (value: number, { min, max }: Bounds): boolean => value >= (min ?? value) && value <= (max ?? value)

const isText = (value: unknown, { values, pattern, form, ...most }: Text): boolean => {
  if (typeof value !== 'string') return false
  if (form) return (form === 'time' ? TIME : DATE).test(value) && Number.isFinite(Date.parse(value))
  return (!values || values.includes(value)) && (!pattern || new RegExp(pattern).test(value)) && isWithin(Array.from(value).length, most)
}

const isNumber = (value: unknown, { whole, ...most }: Extract<Shape, { kind: 'number' }>): boolean =>
  typeof value === 'number' && (!whole || Number.isInteger(value)) && isWithin(value, most)

const isPlain = (value: unknown, shape: Shape): boolean => {
  if (shape.kind === 'text') return isText(value, shape)
  if (shape.kind === 'number') return isNumber(value, shape)
  if (shape.kind === 'boolean') return typeof value === 'boolean'
  return shape.kind === 'any' || value === null
}

const fieldFaults = (value: object, fields: Readonly<Record<string, Field>>, at: string): string[] =>
  Object.entries(fields).flatMap(([name, { isRequired, shape }]) => {
    const item = (value as Record<string, unknown>)[name]
    if (item === undefined) return isRequired ? [`${at}.${name} is not there`] : []
    return findFaults(item, shape(), `${at}.${name}`)
  })

/** Where a value is not of a shape. `[]` stands for every item of a list. */
export const findFaults = (value: unknown, shape: Shape, at = ''): string[] => {
  const wrong = [`${at} is ${JSON.stringify(value)?.slice(0, 100)}, which is no ${shape.kind} that is read`]
  if (shape.kind === 'union') return shape.of.some((one) => findFaults(value, one, at).length === 0) ? [] : wrong
  if (shape.kind === 'list') {
    if (!Array.isArray(value) || !isWithin(value.length, shape)) return wrong
    return value.flatMap((item) => findFaults(item, shape.of(), `${at}[]`))
  }
  if (shape.kind !== 'map' && shape.kind !== 'object') return isPlain(value, shape) ? [] : wrong
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong
  if (shape.kind === 'object') return fieldFaults(value, shape.fields, at)
  return Object.values(value).flatMap((item) => findFaults(item, shape.of(), `${at}[]`))
}
