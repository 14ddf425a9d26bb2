import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { Event, MOST_EVENTS, parseBatch, parseEvent, parseIngest } from '../../src/events/ingestion/event.ts'
import { keyOf } from '../../src/events/ingestion/texts.ts'
import { ApiError } from '../../src/lib/errors.ts'
import cases from '../data/events.json'
import { sent } from '../helpers/events.ts'

const messageOf = (value: unknown): string | undefined => {
  const result = parseEvent(value)
  return 'message' in result ? result.message : undefined
}

const refusalOf = (call: () => unknown): unknown => {
  try {
    return call()
  } catch (error) {
    return error instanceof ApiError ? [error.code, error.message] : error
  }
}

describe('the value of an attribute', () => {
  it.each(cases.filter(({ kind }) => kind === 'validation'))('$id', ({ given, expect: expected }) => {
    const attribute = given['attribute'] ?? { name: 'a', value: given['value'] }
    const message = messageOf(sent({ attributes: [attribute] }))
    if (expected['accepted']) expect(message).toBeUndefined()
    else expect(message).toBe('attributes[0].value: must be a decimal number such as 12.5')
  })

  const digits = '7'.repeat(512)

  it.each([digits, `-${digits}.${digits}`, '-0', '0.0000001', '00.10'])('may be %.20s', (value) => {
    expect(messageOf(sent({ attributes: [{ name: 'a', value }] }))).toBeUndefined()
  })

  it.each([`${digits}7`, `0.${digits}7`, '--1', '1e3', '1\n', ' 1', '1.2.3', '-', '.', '0x10', 'Infinity', '١'])(
    'is not %.20s',
    (value) => {
      expect(messageOf(sent({ attributes: [{ name: 'a', value }] }))).toBe('attributes[0].value: must be a decimal number such as 12.5')
    },
  )
})

describe('parseEvent', () => {
  it('gives the event and what was sent', () => {
    const payload = sent({
      id: 'é\u{1F600}',
      timestamp: '2026-05-01T12:00:00.5+02:00',
      attributes: [{ name: 'a b', value: '1', unit: 'km' }],
      dimensions: { city: 'chennai', constructor: 'x', '': 'y' },
    })
    expect(parseEvent(payload)).toEqual({ event: { ...payload, timestamp: Date.UTC(2026, 4, 1, 10, 0, 0, 500), payload } })
  })

  it('takes an empty id for none', () => {
    const { id: _, ...without } = sent()
    for (const value of [without, sent({ id: '' })]) expect(parseEvent(value)).toMatchObject({ event: { id: undefined, payload: value } })
  })

  it('says of every wrong field what would be right', () => {
    const value = sent({
      schemaName: '',
      id: 'a\nb',
      timestamp: 5,
      accountId: '',
      attributes: [{ name: 'a', value: 'x' }, { name: '', value: 1 }, { name: 'a', value: '1', unit: '', key: 1 }, 'b'],
      dimensions: { n: 1234, empty: '' },
      extra: 1,
    })
    const message = messageOf(value) ?? ''
    for (const part of [
      'schemaName: must be 1 to 50 characters',
      'id: must be well-formed Unicode without control characters',
      'timestamp: must be a string',
      'accountId: must be 1 to 512 characters',
      'attributes[0].value: must be a decimal number such as 12.5',
      'attributes[1].name: must be 1 to 50 characters',
      'attributes[1].value: must be a string',
      'attributes[2].unit: must be 1 to 50 characters',
      'attributes[2].key',
      'attributes[3]',
      'attributes[2]',
      'dimensions.n',
      'dimensions.empty',
      'extra',
    ])
      expect(message).toContain(part)
    expect(message.length).toBeLessThanOrEqual(500)
  })

  it.each([
    [null, 'event: must be an object'],
    [[], 'event: must be an object'],
    ['{}', 'event: must be an object'],
    [undefined, 'event: is required'],
    [{}, 'schemaName: is required; timestamp: is required; accountId: is required; attributes: is required; dimensions: is required'],
    [sent({ attributes: null }), 'attributes: must be a list'],
    [sent({ attributes: {} }), 'attributes: must be a list'],
    [sent({ dimensions: [] }), 'dimensions: must be an object'],
    [sent({ dimensions: null }), 'dimensions: must be an object'],
    [sent({ dimensions: { a: null } }), 'dimensions.a: must be a string'],
    [sent({ dimensions: { a: 'x'.repeat(201) } }), 'dimensions.a: must be 1 to 200 characters'],
    [sent({ dimensions: { a: '\ud800' } }), 'dimensions.a: must be well-formed Unicode without NUL'],
    [sent({ dimensions: { 'a\0': 'x' } }), 'dimensions.a\0: has a name that must be well-formed Unicode without NUL'],
    [sent({ id: 7 }), 'id: must be a string'],
    [sent({ id: null }), 'id: must be a string'],
    [sent({ id: '\ud800' }), 'id: must be well-formed Unicode without control characters'],
    [sent({ id: '\u{1F600}'.repeat(513) }), 'id: must be 512 characters at most'],
    [sent({ accountId: 'a\u0085' }), 'accountId: must be well-formed Unicode without control characters'],
    [sent({ schemaName: 'a\0' }), 'schemaName: must be well-formed Unicode without control characters'],
    [sent({ schemaName: 'x'.repeat(51) }), 'schemaName: must be 1 to 50 characters'],
    [
      sent({ attributes: Array.from({ length: 11 }, (_, index) => ({ name: `a${index}`, value: '1' })) }),
      'attributes: must hold 10 at most',
    ],
    [
      sent({ attributes: ['é', 'a', 'e\u0301'].map((name) => ({ name, value: '1' })) }),
      'attributes[2]: must not repeat [0]: an event has an attribute once',
    ],
    [JSON.parse('{"__proto__":{"id":"x"}}'), /__proto__: is not a known name/],
    [sent({ dimensions: JSON.parse('{"__proto__":"x"}') }), 'dimensions.__proto__: must have another name'],
    [sent({ attributes: [JSON.parse('{"name":"a","value":"1","__proto__":"x"}')] }), 'attributes[0].__proto__: is not a known name'],
  ])('%#: refuses what is wrong', (value, message) => {
    if (typeof message === 'string') expect(messageOf(value)).toBe(message)
    else expect(messageOf(value)).toMatch(message)
  })

  it.each([
    sent({ id: '\u{1F600}'.repeat(512), accountId: ' ', dimensions: { a: '\u{1F600}'.repeat(200), b: 'two\nlines' } }),
    sent({ schemaName: 'no such schema', attributes: [{ name: ' ', value: '1', unit: undefined }] }),
    sent({ id: 'a\u200bb\u00a0', accountId: '\u202ex' }),
    sent({ id: undefined, attributes: Array.from({ length: 10 }, (_, index) => ({ name: `a${index}`, value: '1' })) }),
    sent({ timestamp: '2999-01-01T00:00' }),
  ])('%#: takes what is unusual', (value) => {
    expect(messageOf(value)).toBeUndefined()
  })

  it('refuses very many wrong dimensions in a short message', () => {
    const dimensions = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`d${index}`, '']))
    expect(messageOf(sent({ dimensions }))?.length).toBeLessThanOrEqual(500)
  })

  it('has the verdict of the schema, whatever is sent', () => {
    const text = (max: number) =>
      fc.oneof(
        fc.string({ minLength: 1, maxLength: 8 }),
        fc.string({ unit: 'grapheme', maxLength: 4 }),
        fc.string({ unit: 'binary', maxLength: 3 }),
        fc.constantFrom('', 'a', 'é', 'e\u0301', '\0', '\n', '\ud800', '__proto__', 'x'.repeat(max), 'x'.repeat(max + 1)),
        fc.constantFrom('\u{1F600}'.repeat(max), '\u{1F600}'.repeat(max + 1), '\u{1F600}'.repeat(max / 2 + 1)),
      )
    const wrong = fc.constantFrom<unknown>(undefined, null, 0, 12.5, true, [], {}, 'x', ['x'])
    const mostly = (right: fc.Arbitrary<unknown>) => fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: wrong })
    const value = fc.oneof(
      { weight: 5, arbitrary: fc.stringMatching(/^-?\d{1,20}(\.\d{1,20})?$/) },
      fc.constantFrom(
        '',
        '+1',
        '1.',
        '.5',
        '1e3',
        '1 ',
        '-0',
        '7'.repeat(512),
        '7'.repeat(513),
        `0.${'7'.repeat(512)}`,
        `0.${'7'.repeat(513)}`,
      ),
    )
    const extra = { weight: 12, arbitrary: fc.constant({}) }
    const unknown = fc.oneof(extra, { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('x', 'toString', 'timestmp'), fc.integer()) })
    const withExtra = (right: fc.Arbitrary<object>) => fc.tuple(right, unknown).map(([one, more]) => Object.assign({}, one, more))
    const attribute = withExtra(
      fc.record({ name: mostly(text(50)), value: mostly(value), unit: mostly(text(50)) }, { requiredKeys: ['name', 'value'] }),
    )
    const event = withExtra(
      fc.record(
        {
          schemaName: mostly(text(50)),
          id: mostly(text(512)),
          timestamp: mostly(fc.constantFrom('2026-05-01T10:00:00Z', '2026-05-01T10:00', '2026-02-30T10:00:00Z', '', '1733852206')),
          accountId: mostly(text(512)),
          attributes: mostly(fc.array(mostly(attribute), { maxLength: 3 })),
          dimensions: mostly(fc.dictionary(text(50), mostly(text(200)), { maxKeys: 3, noNullPrototype: true })),
        },
        { requiredKeys: ['schemaName', 'timestamp', 'accountId', 'attributes', 'dimensions'] },
      ),
    )
    let good = 0
    fc.assert(
      fc.property(event, (generated) => {
        const { success } = z.safeParse(Event, generated)
        if (success) good++
        expect(messageOf(generated) === undefined).toBe(success)
        expect(messageOf(generated)).not.toBe('event: is not valid')
      }),
      { numRuns: 5000 },
    )
    expect(good).toBeGreaterThan(100)
    expect(good).toBeLessThan(4900)
  })

  it('has the verdict of the schema on each single wrong thing', () => {
    const good = sent({ attributes: [{ name: 'a', value: '1', unit: 'u' }], dimensions: { d: 'x' } })
    const values: unknown[] = [
      undefined,
      null,
      0,
      true,
      [],
      {},
      '',
      'x',
      '\0',
      '\n',
      '\ud800',
      'x'.repeat(51),
      'x'.repeat(201),
      'x'.repeat(513),
    ]
    const places: ((value: unknown) => unknown)[] = [
      ...Object.keys(good).map((key) => (value: unknown) => ({ ...good, [key]: value })),
      ...['name', 'value', 'unit'].map(
        (key) => (value: unknown) => sent({ attributes: [{ name: 'a', value: '1', unit: 'u', [key]: value }] }),
      ),
      (value) => sent({ attributes: [value] }),
      (value) => sent({ dimensions: { d: value } }),
      (value) => sent({ dimensions: { [String(value)]: 'x' } }),
      (value) => ({ ...good, [String(value)]: 'x' }),
    ]
    for (const place of places)
      for (const value of values) {
        const event = place(value)
        expect(messageOf(event) === undefined, JSON.stringify(event)).toBe(z.safeParse(Event, event).success)
      }
  })
})

describe('the schema of an event', () => {
  it('has the form of the contract in the document', () => {
    const { $defs } = z.toJSONSchema(Event, { io: 'input' })
    expect($defs?.['Attribute']).toMatchObject({
      additionalProperties: false,
      required: ['name', 'value'],
      properties: { name: { minLength: 1, maxLength: 50 }, value: { type: 'string' }, unit: { minLength: 1, maxLength: 50 } },
    })
    expect($defs?.['Event']).toMatchObject({
      additionalProperties: false,
      required: ['schemaName', 'timestamp', 'accountId', 'attributes', 'dimensions'],
      properties: {
        schemaName: { type: 'string', minLength: 1, maxLength: 50 },
        id: { type: 'string', maxLength: 512 },
        timestamp: { type: 'string', format: 'date-time' },
        accountId: { type: 'string', maxLength: 512 },
        attributes: { type: 'array', minItems: 0, maxItems: 10 },
        dimensions: { type: 'object', additionalProperties: { type: 'string', minLength: 1, maxLength: 200 } },
      },
    })
  })
})

describe('a body', () => {
  it('of one event gives it or what is wrong with it', () => {
    expect(parseIngest({ event: sent() }).events).toMatchObject([{ id: 'e-1' }])
    expect(parseIngest({ event: sent({ id: 7 }) }).events).toEqual([{ message: 'id: must be a string', payload: sent({ id: 7 }) }])
  })

  it('of a batch gives each event or what is wrong with it, in their order', () => {
    const { events } = parseBatch({ events: [sent(), sent({ attributes: [{ name: 'a', value: 'abc' }] }), sent({ id: 'e-2' }), null] })
    expect(events).toMatchObject([
      { id: 'e-1' },
      { message: 'attributes[0].value: must be a decimal number such as 12.5' },
      { id: 'e-2' },
      { message: 'event: must be an object' },
    ])
  })

  it.each([600, MOST_EVENTS])('may hold %i events', (count) => {
    expect(parseBatch({ events: Array.from({ length: count }, () => sent()) }).events).toHaveLength(count)
  })

  it.each([
    [() => parseIngest(null), 'INVALID', 'body: must be an object'],
    [() => parseIngest([]), 'INVALID', 'body: must be an object'],
    [() => parseIngest({}), 'INVALID', 'event: is required'],
    [() => parseIngest({ event: undefined }), 'INVALID', 'event: is required'],
    [() => parseIngest({ evnt: 1, x: 2 }), 'INVALID', 'event: is required; evnt: is not a known name; x: is not a known name'],
    [() => parseIngest({ event: sent(), dry: 1 }), 'INVALID', 'dry: is not a known name'],
    [() => parseBatch({ event: sent() }), 'INVALID', 'events: is required; event: is not a known name'],
    [() => parseBatch({ events: {} }), 'INVALID', 'events: must be a list'],
    [() => parseBatch({ events: null }), 'INVALID', 'events: must be a list'],
    [() => parseBatch({ events: [] }), 'INVALID', 'events: must hold 1 to 1000'],
    [
      () => parseBatch({ events: Array.from({ length: 1001 }, () => sent()) }),
      'UNPROCESSABLE',
      'events: must hold 1000 at most, and holds 1001',
    ],
  ])('%#: is refused', (call, code, message) => {
    expect(refusalOf(call)).toEqual([code, message])
  })
})

describe('keyOf', () => {
  it('is the text in NFC', () => {
    expect(keyOf('plain')).toBe('plain')
    expect(keyOf('e\u0301')).toBe('é')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(keyOf(text)).toBe(text.normalize('NFC'))
      }),
    )
  })
})
