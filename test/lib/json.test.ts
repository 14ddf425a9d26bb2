import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dotPath } from '../../src/lib/errors.ts'
import { parseJson } from '../../src/lib/json.ts'
import { operations } from '../../src/operations.ts'
import page from '../data/create-a-customer.json'
import { organization, send } from '../helpers/api.ts'
import { REQUIRED_QUERIES } from '../helpers/operations.ts'

/** JSON as a tree, in which an object is a list of pairs and can have a name twice. */
type Tree = { leaf: string } | { items: Tree[] } | { pairs: [name: string, spelled: string, value: Tree][] }

const space = fc.constantFrom('', '', ' ', '\n\t', '\r ')
const escaped = (text: string) =>
  `"${Array.from({ length: text.length }, (_, at) => String.raw`\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`

const NAMES = ['a', 'b', '', '__proto__', '1', '"', '\\', '":', '{"a":', 'é', '\\"', 'constructor', 'a'.repeat(70)]
const LEAVES = [...NAMES, 'a":1,"a', '}', '[{', ' : ', '\\\\"'].map((text) => JSON.stringify(text))

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...LEAVES, '1', '-2.5e3', 'true', 'null', '{}', '[]').map((leaf) => ({ leaf })),
    fc.array(tie('tree'), { maxLength: 4 }).map((items) => ({ items })),
    fc
      .array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(JSON.stringify, escaped), tie('tree')), { maxLength: 4 })
      .map((pairs) => ({ pairs: pairs.map(([name, spell, value]): [string, string, Tree] => [name, spell(name), value]) })),
  ),
}))

const write = (of: Tree, gap: () => string): string => {
  if ('leaf' in of) return of.leaf
  if ('items' in of) return `[${of.items.map((item) => gap() + write(item, gap) + gap()).join(',')}]`
  return `{${of.pairs.map(([, spelled, value]) => gap() + spelled + gap() + ':' + gap() + write(value, gap) + gap()).join(',')}}`
}

/** Reads a tree name by name, in the order in which they stand. */
const firstRepeated = (of: Tree, path: PropertyKey[] = []): PropertyKey[] | undefined => {
  if ('leaf' in of) return undefined
  if ('items' in of) {
    for (const [index, item] of of.items.entries()) {
      const found = firstRepeated(item, [...path, index])
      if (found) return found
    }
    return undefined
  }
  const names: string[] = []
  for (const [name, , value] of of.pairs) {
    if (names.includes(name)) return [...path, name]
    names.push(name)
    const found = firstRepeated(value, [...path, name])
    if (found) return found
  }
  return undefined
}

const TWICE = 'must be given once, and was given twice'

describe('parseJson', () => {
  it('reads as JSON.parse does what has no name twice, and names the first one that it meets again', () => {
    let refused = 0
    fc.assert(
      fc.property(tree, fc.array(space, { minLength: 1, maxLength: 20 }), (of, spaces) => {
        let gaps = 0
        const text = write(of, () => spaces[gaps++ % spaces.length] ?? '')
        const repeated = firstRepeated(of)
        refused += repeated ? 1 : 0
        if (repeated) expect(() => parseJson(text)).toThrow(`${dotPath(repeated)}: ${TWICE}`)
        else expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
      { numRuns: 5000 },
    )
    expect(refused).toBeGreaterThan(300)
  })

  it('reads whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.nat(2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('reads every number that a program writes from a double, with 17 digits or the fewest', () => {
    const doubles = fc
      .double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 })
      .filter((one) => !one || Math.abs(one) > 1e-300)
    const spelled = fc.constantFrom(
      (one: number) => JSON.stringify(one),
      (one: number) => one.toExponential(16),
      (one: number) => (Math.abs(one) < 1e15 ? one.toPrecision(16) : one.toExponential()),
    )
    fc.assert(
      fc.property(doubles, spelled, (one, writeNumber) => {
        const text = writeNumber(one)
        expect(parseJson(`{"a":[${text}]}`)).toEqual({ a: [Number(text)] })
      }),
    )
    for (const text of ['1.00', '100.000000000000000000', '-0', '0.000', '9007199254740992', '1E+2', '12345678901234567e-3'])
      expect(parseJson(text)).toBe(Number(text))
  })

  it.each([
    '9007199254740993',
    '-123456789012345678',
    '9007199254740993.01',
    '0.1234567890123456789012345',
    '1e-400',
    '-0.12e-999',
    '36028797018963969',
  ])('refuses the number %s, which is read as another one, and says where it is', (number) => {
    expect(() => parseJson(`{"a, 1":"1","rates":[1.5, {"rate" :${number}}],"b":2}`)).toThrow(
      'rates[1].rate: must be a number of at most 15 digits, or it would be read as another one',
    )
    expect(parseJson(`{"a":"x: ${number}","b":1}`)).toEqual({ a: `x: ${number}`, b: 1 })
  })

  it('keeps a __proto__ that is data', () => {
    expect(Object.hasOwn(parseJson('{"__proto__":{"a":1}}') as object, '__proto__')).toBe(true)
    expect(() => parseJson(String.raw`{"__proto__":1,"\u005f_proto__":2}`)).toThrow(`__proto__: ${TWICE}`)
  })

  it.each(['', '{', '{"a":1,}', '{"a":1 "a":2}', '{"a":1,"a"', "{'a':1}", '\ufeff{}', '{"a":"\u0001"}'])(
    'refuses %j, which is none',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError)
    },
  )

  it.each([
    ['deep', '[{"a":'.repeat(200_000) + '{"b":1,"b":1}' + '}]'.repeat(200_000)],
    ['of many objects', `[${'{"a":1,"b":2},'.repeat(200_000)}{"a":1,"a":1}]`],
    ['of many backslashes', String.raw`{"a":"${String.raw`\\`.repeat(1_500_000)}","a":1}`],
    ['of many quotes', String.raw`{"a":"${String.raw`\"`.repeat(1_500_000)}","a":1}`],
    ['of many names', `{${Array.from({ length: 200_000 }, (_, n) => `"name ${n}":1,`).join('')}"name 0":1}`],
    ['of much white space', `{"a"${' '.repeat(3_000_000)}:1,"a":1}`],
  ])('does not hang on a text that is long and %s', (_, text) => {
    expect(() => parseJson(text)).toThrow(TWICE)
  })
})

describe('a body in which a name stands twice', () => {
  const withBody = operations.filter(({ json }) => json)

  it.each(withBody)('is refused by $operationId, with its path', async ({ operationId, method, path }) => {
    const { call } = await organization()
    const { status, body } = await call(
      method.toUpperCase(),
      path.replaceAll(/\{\w+\}/g, 'nobody') + (REQUIRED_QUERIES[operationId] ?? ''),
      '{"unknown":[{"a":1},{"a":1,"a":1}]}',
    )
    expect([status, body.message]).toEqual([400, `unknown[1].a: ${TWICE}`])
  })

  const text = JSON.stringify(page.request)
  it.each([
    ['id', text.replace('{', '{"id":"other",')],
    ['id', text.replace('{', String.raw`{"\u0069d":"other",`)],
    ['name', text.replace(/\}$/, ' , "name" : "Other name"}')],
    ['account.id', text.replace('"account":{', '"account":{"id":"other",')],
    ['settings[0].value', text.replace('"settings":[{', '"settings":[{"value":"2","value":"3",')],
    ['account.settings[0].id', text.replace(/("account":.*"settings":\[\{)/, '$1"id":"other",')],
    ['__proto__', text.replace('{', '{"__proto__":1,"__proto__":2,')],
  ])('is refused at %s', async (path, sent) => {
    const { post, call } = await organization()
    const { status, body } = await call('POST', '/customers', sent, { 'Idempotency-Key': 'a key' })
    expect([status, body.message]).toEqual([400, `${path}: ${TWICE}`])
    expect((await post('/customers', text)).status).toBe(201)
  })
})

it('a body that breaks off is malformed', async () => {
  const { token } = await organization()
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"id":'))
      controller.error(new Error('broken off'))
    },
  })
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Content-Length': '100' }
  const { status, body: answer } = await send(new Request('http://localhost/customers', { method: 'POST', headers, body }))
  expect([status, answer.message]).toEqual([400, 'Malformed JSON in request body'])
})
