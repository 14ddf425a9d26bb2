import { describe, expect, it } from 'vitest'
import { compileSchema, type MeterDefinition, type SchemaDefinition } from '../../src/events/ingestion/definitions.ts'
import { evaluateEvent, resolveEventId } from '../../src/events/ingestion/evaluate.ts'
import type { SettingValue } from '../../src/events/ingestion/settings.ts'
import { multiply, formatDecimal, requireDecimal, sumDecimals } from '../../src/lib/decimal.ts'
import cases from '../data/events.json'
import { attributesOf, evaluate, meterOf, named, OWNER, parsed, schemaOf, sumOf } from '../helpers/events.ts'

/** What a case of the contract says of an event, as far as it says it. */
interface Case {
  id: string
  given: {
    enrichments?: NonNullable<SchemaDefinition['enrichments']>
    field?: NonNullable<SchemaDefinition['enrichments']>['fields'][number]
    settings?: Record<string, SettingValue>
    meter?: Pick<MeterDefinition, 'aggregation' | 'filters' | 'computations'>
    event?: { attributes: { name: string; value: string }[]; dimensions: Record<string, string> }
    events?: Record<string, string>[]
    schemaAttributes?: string[]
    computation?: string
    attributes?: Record<string, string>
    dimensions?: Record<string, string>
  }
  expect: {
    attributes?: Record<string, number>
    dimensions?: Record<string, string>
    status?: string
    units?: number | string | null
    total?: number
    charge_2_9_percent?: number
  }
}

const casesOf = (kind: string, ...but: string[]) =>
  (cases as unknown as (Case & { kind: string })[]).filter((one) => one.kind === kind && !but.includes(one.id))

describe('the enrichments of the contract', () => {
  it.each(casesOf('enrichment', 'enrich.settings-order'))('$id', ({ given, expect: expected }) => {
    const { attributes = [], dimensions = {} } = given.event ?? {}
    const settings = Object.fromEntries(Object.entries(given.settings ?? {}).map(([id, setting]) => [`setting.user.${id}`, setting]))
    const { status, enriched, description } = evaluate(
      {
        attributes: named(...attributes.map(({ name }) => name)),
        dimensions: named(...Object.keys(dimensions)),
        enrichments: given.enrichments ?? { fields: given.field ? [given.field] : [] },
      },
      [],
      { attributes, dimensions },
      settings,
    )
    expect(status, description).toBe(expected.status ?? 'INGESTION_COMPLETED_NO_MATCHING_METERS')
    if (expected.status) return
    expect(enriched).toEqual([
      ...Object.entries(expected.attributes ?? {}).map(([name, value]) => ({ name, type: 'ATTRIBUTE', value: String(value) })),
      ...Object.entries(expected.dimensions ?? {}).map(([name, value]) => ({ name, type: 'DIMENSION', value })),
    ])
  })
})

describe('the usage of the contract', () => {
  const splitOf = (event: Record<string, string>) => {
    const isNumber = ([, value]: [string, string]) => /^-?[\d.]+$/.test(value)
    const entries = Object.entries(event)
    return {
      attributes: attributesOf(Object.fromEntries(entries.filter(isNumber))),
      dimensions: Object.fromEntries(entries.filter((entry) => !isNumber(entry))),
    }
  }

  it.each(casesOf('event_usage', 'meter.togai-usage', 'meter.named-license'))('$id', ({ given, expect: expected }) => {
    const sent = given.event ? [given.event] : (given.events ?? []).map(splitOf)
    const results = sent.map(({ attributes, dimensions }) =>
      evaluate(
        {
          attributes: named(...(given.schemaAttributes ?? attributes.map(({ name }) => name))),
          dimensions: named(...Object.keys(dimensions)),
          filterFields: given.meter?.filters?.map(({ field }) => field) ?? [],
        },
        [meterOf(given.meter)],
        { attributes, dimensions },
      ),
    )
    const [result] = results
    if (expected.status) expect(result?.status, result?.description).toBe(expected.status)
    if (expected.units !== undefined) expect(result?.units).toEqual([expected.units === null ? null : String(expected.units)])
    if (expected.total === undefined) return
    const total = sumDecimals(results.map(({ units }) => units[0] ?? '0'))
    expect(total).toBe(String(expected.total))
    if (expected.charge_2_9_percent !== undefined)
      expect(formatDecimal(multiply(requireDecimal(total), requireDecimal('0.029')))).toBe(String(expected.charge_2_9_percent))
  })
})

describe('what went wrong in other systems', () => {
  it.each(casesOf('computation'))('$id', ({ given, expect: expected }) => {
    const { computation = '', attributes = {}, dimensions = {} } = given
    const { status, units, description } = evaluate(
      { attributes: named(...Object.keys(attributes)), dimensions: named(...Object.keys(dimensions)) },
      [sumOf(computation)],
      { attributes: attributesOf(attributes), dimensions },
    )
    expect(status, description).toBe(expected.status ?? 'INGESTION_COMPLETED_EVENT_METERED')
    expect(units).toEqual(expected.units === undefined ? [] : [expected.units])
  })
})

describe('the order of the checks', () => {
  const broken = { name: 'e', type: 'ATTRIBUTE', enrichmentType: 'JSON_LOGIC', value: '{"/":[1,0]}', order: 1 } as const
  const schema = { attributes: named('a'), dimensions: named('d'), enrichments: { fields: [broken] } }
  const right = { attributes: attributesOf({ a: '1' }), dimensions: { d: 'x' } }

  it('is id, declared fields, enrichment, meters, units', () => {
    expect(evaluate(schema, [sumOf('"x"')], { id: undefined }).status).toBe('INGESTION_FAILED_NO_EVENT_ID')
    expect(evaluate(schema, [sumOf('"x"')], {})).toMatchObject({
      status: 'INGESTION_FAILED',
      description: 'The event lacks the attribute "a" and the dimension "d".',
      units: [],
      enriched: [],
      eventId: 'e-1',
    })
    expect(evaluate(schema, [sumOf('"x"')], right)).toMatchObject({
      status: 'INGESTION_FAILED_ENRICHMENT_FAILED',
      description: 'The enrichment of "e" failed: "/": division by zero, at /~1.',
      units: [],
    })
    expect(evaluate({ ...schema, enrichments: undefined }, [], right)).toMatchObject({
      status: 'INGESTION_COMPLETED_NO_MATCHING_METERS',
      description: 'The event schema "rides" has no active usage meter.',
      units: [],
    })
    expect(evaluate({ ...schema, enrichments: undefined }, [sumOf('"x"')], right)).toMatchObject({
      status: 'INGESTION_FAILED_UNITS_INVALID',
      description:
        'The usage meter "distance" failed: its computation gives no decimal number of 512 digits at most on each side of the point.',
      units: [],
    })
  })

  it('ends in METERED where one meter has units, be they zero, and in NOT_METERED where none has', () => {
    const never = meterOf({ name: 'never', computations: [{ computation: '1', matcher: 'false' }] })
    expect(evaluate({}, [never, sumOf('0')], {})).toMatchObject({
      status: 'INGESTION_COMPLETED_EVENT_METERED',
      description: 'Ingestion completed successfully',
      units: [null, '0'],
    })
    expect(evaluate({}, [never, never], {})).toMatchObject({
      status: 'INGESTION_COMPLETED_EVENT_NOT_METERED',
      description: 'No usage meter of the event schema takes the event, as their filters and matchers say: "never", "never".',
      units: [null, null],
    })
  })
})

describe('declared fields', () => {
  it('are all that rules and filters see of an event', () => {
    const event = { attributes: attributesOf({ a: '1', b: '2' }), dimensions: { d: 'x', e: 'y' } }
    const schema = { attributes: named('a'), dimensions: named('d'), filterFields: ['d', 'e', 'b'] }
    expect(
      evaluate(
        schema,
        [
          sumOf('{"+":[{"var":"attributes.a"},{"var":["attributes.b",10]}]}'),
          sumOf('1', '{"missing":["dimensions.e"]}'),
          meterOf({ aggregation: 'COUNT', filters: [{ field: 'e', value: 'y' }] }),
          meterOf({ aggregation: 'COUNT', filters: [{ field: 'b', value: '2' }] }),
        ],
        event,
      ).units,
    ).toEqual(['11', '1', null, null])
  })

  it('may have names of objects', () => {
    const names = ['__proto__', 'constructor', 'coefficient', 'toString']
    const schema = { attributes: named(...names), dimensions: named('valueOf') }
    const event = {
      attributes: attributesOf({ constructor: '2', coefficient: '3', toString: '4' }).concat({ name: '__proto__', value: '1' }),
      dimensions: { valueOf: 'x' },
    }
    const sum = `{"+":[${names.map((name) => `{"var":"attributes.${name}"}`).join()}]}`
    expect(evaluate(schema, [sumOf(sum)], event).units).toEqual(['10'])
    expect(evaluate(schema, [], { attributes: [] }).description).toBe(
      'The event lacks the attributes "__proto__", "constructor", "coefficient", "toString" and the dimension "valueOf".',
    )
  })

  it('are found in another spelling that is the same in NFC', () => {
    const schema = { attributes: named('é'), dimensions: named('ö') }
    const event = { attributes: [{ name: 'e\u0301', value: '5' }], dimensions: { 'o\u0308': 'x' } }
    expect(evaluate(schema, [sumOf('{"var":"attributes.é"}', '{"==":[{"var":"dimensions.ö"},"x"]}')], event).units).toEqual(['5'])
  })

  const many = Array.from({ length: 11 }, (_, index) => `a${index}`)
  const requiredOf = (schema: Partial<SchemaDefinition>, ...meters: MeterDefinition[]): string[] =>
    compileSchema(schemaOf({ attributes: named(...many), ...schema }), meters)
      .attributes.filter(({ isRequired }) => isRequired)
      .map(({ name }) => name)

  it('are all required of 10, and of more those that something uses', () => {
    expect(requiredOf({ attributes: named(...many.slice(1)) })).toEqual(many.slice(1))
    expect(requiredOf({})).toEqual([])
    expect(requiredOf({ featureDetails: { featureId: 'f', attributeName: 'a1' } })).toEqual(['a1'])
    expect(requiredOf({ eventIdTemplate: '${attributes.a2}-${ attribute.a3 }-${dimensions.a4}' })).toEqual(['a2', 'a3'])
    expect(requiredOf({ eventIdTemplate: '{"cat":["x",{"var":"attribute.a2"}]}' })).toEqual(['a2'])
    const field = { name: 'e', type: 'ATTRIBUTE', enrichmentType: 'JSON_LOGIC', value: '{"var":["attributes.a5"]}', order: 1 } as const
    expect(requiredOf({ enrichments: { fields: [field] } })).toEqual(['a5'])
    expect(requiredOf({ enrichments: { fields: [{ ...field, enrichmentType: 'VALUE' }] } })).toEqual([])
    expect(requiredOf({}, meterOf({ filters: [{ field: 'a6', value: '1' }] }))).toEqual(['a6'])
    expect(requiredOf({}, sumOf('{"*":[{"var":"attributes.a7"},2]}', '{"if":[{">":[{"var":"attribute.a8"},1]},true]}'))).toEqual([
      'a7',
      'a8',
    ])
  })

  it('are not required for a rule that does without them', () => {
    expect(requiredOf({}, sumOf('{"+":[{"var":["attributes.a1",0]},{"var":["attributes.a2",{"var":"x"}]}]}'))).toEqual([])
    expect(requiredOf({}, sumOf('1', '{"!":{"missing":["attributes.a1"]}}'))).toEqual([])
    expect(requiredOf({}, sumOf('{"var":["attributes.a1",null]}'))).toEqual(['a1'])
    expect(requiredOf({}, meterOf({ aggregation: 'COUNT', computations: [{ computation: '{"var":"attributes.a1"}' }] }))).toEqual([])
    expect(requiredOf({}, sumOf('{"var":"attributes.a1"'))).toEqual([])
  })

  it('that are dimensions are required of every schema', () => {
    expect(evaluate({ attributes: named(...many), dimensions: named('d') }, [], {}).description).toBe('The event lacks the dimension "d".')
  })
})

describe('enrichment', () => {
  const field = (name: string, value: string, more: object = {}) =>
    ({ name, value, type: 'ATTRIBUTE', enrichmentType: 'JSON_LOGIC', order: 1, ...more }) as NonNullable<
      SchemaDefinition['enrichments']
    >['fields'][number]
  const dependency = (name: string) => ({ type: 'SETTING', key: `setting.user.${name}`, name })
  const enriched = (
    fields: NonNullable<SchemaDefinition['enrichments']>['fields'],
    settings: Readonly<Record<string, SettingValue>> = {},
    names = Object.keys(settings),
  ) =>
    evaluate(
      { attributes: named('a'), enrichments: { fields, dependencies: names.map(dependency) } },
      [],
      { attributes: attributesOf({ a: '3' }) },
      Object.fromEntries(Object.entries(settings).map(([name, setting]) => [`setting.user.${name}`, setting])),
    )
  const valuesOf = (...given: Parameters<typeof enriched>) => {
    const { enriched: made, description, status } = enriched(...given)
    return status.startsWith('INGESTION_COMPLETED') ? Object.fromEntries(made.map(({ name, value }) => [name, value])) : description
  }

  it('runs by order, then by position, and later fields see earlier ones', () => {
    const seen = '{"var":["attributes.x",100]}'
    expect(valuesOf([field('y', seen, { order: 2 }), field('x', '5', { order: 1 })])).toEqual({ x: '5', y: '5' })
    expect(valuesOf([field('y', seen, { order: 1 }), field('x', '5', { order: 1 })])).toEqual({ y: '100', x: '5' })
    expect(valuesOf([field('y', '{"var":"dimension.z"}', { order: 9 }), field('z', '7.50', { order: -1, type: 'DIMENSION' })])).toEqual({
      z: '7.5',
      y: '7.5',
    })
  })

  it('makes text of a dimension, and a decimal of an attribute', () => {
    const text = (value: string) => valuesOf([field('t', value, { type: 'DIMENSION' })])
    expect(text('1e21')).toEqual({ t: `1${'0'.repeat(21)}` })
    expect(text('true')).toEqual({ t: 'true' })
    expect(text('""')).toEqual({ t: '' })
    expect(text('{"date":["2024-05-28T00:00:00+01:00"]}')).toEqual({ t: '2024-05-28T00:00+01:00' })
    for (const value of ['null', '[1]', '{"var":"attributes"}', '{"merge":[[1]]}'])
      expect(text(value)).toBe('The enrichment of "t" failed: its result is no text, number, date, true or false.')
    expect(text(`"${'x'.repeat(1001)}"`)).toBe('The enrichment of "t" failed: its result has more than 1000 characters.')
    expect(valuesOf([field('n', '"007.10"')])).toEqual({ n: '7.1' })
    for (const value of ['null', 'true', '""', '"x"', '"1e3"', '[1]', '{"date":["2024-05-28T00:00:00Z"]}'])
      expect(valuesOf([field('n', value)])).toMatch(/^The enrichment of "n" failed: its result is no decimal number/)
  })

  it('takes a VALUE as it is', () => {
    const value = (text: string, type: string) => valuesOf([field('v', text, { enrichmentType: 'VALUE', type })])
    expect(value('{"var":"attributes.a"}', 'DIMENSION')).toEqual({ v: '{"var":"attributes.a"}' })
    expect(value('12.50', 'ATTRIBUTE')).toEqual({ v: '12.5' })
    expect(value('1 km', 'ATTRIBUTE')).toMatch(/^The enrichment of "v" failed/)
  })

  it('evaluates the rule that a setting holds', () => {
    const settings = { rule: { value: '{"*":[{"var":"attributes.a"},2]}', dataType: 'JSON_LOGIC' } } as const
    const from = (value: string) => [field('x', value, { enrichmentType: 'JSON_LOGIC_FROM_DEPENDENCY' })]
    expect(valuesOf(from('rule'), settings)).toEqual({ x: '6' })
    expect(valuesOf(from('dependencies.rule'), settings)).toEqual({ x: '6' })
    expect(valuesOf(from('dependencies.rule'), { 'dependencies.rule': { value: '8', dataType: 'JSON_LOGIC' }, ...settings })).toEqual({
      x: '8',
    })
    expect(valuesOf(from('other'), settings)).toBe(
      'The enrichment of "x" failed: the dependency "other" has no setting of type JSON_LOGIC.',
    )
    expect(valuesOf(from('rule'), { rule: { value: '5', dataType: 'NUMERIC' } })).toMatch(/"rule" has no setting of type JSON_LOGIC/)
    expect(valuesOf(from('rule'), { rule: { value: '{"/":[1,0]}', dataType: 'JSON_LOGIC' } })).toBe(
      'The enrichment of "x" failed: "/": division by zero, at /~1.',
    )
  })

  it('does not repeat what a setting holds that is no rule', () => {
    for (const value of ['"secret', '{"secret":[1]}', '{"+":[{"secret":1}]}', ''])
      expect(
        valuesOf([field('x', 'rule', { enrichmentType: 'JSON_LOGIC_FROM_DEPENDENCY' })], { rule: { value, dataType: 'JSON_LOGIC' } }),
      ).toBe('The enrichment of "x" failed: the setting of the dependency "rule" holds no rule that can be evaluated.')
  })

  it('reads settings by their data type', () => {
    const text = (name: string, setting: SettingValue, path = name) =>
      valuesOf([field('x', `{"cat":[{"var":"dependencies.${path}"}]}`, { type: 'DIMENSION' })], { [name]: setting })
    const numeric = (value: string) => text('n', { value, dataType: 'NUMERIC' })
    for (const [value, plain] of [
      ['1.50', '1.5'],
      ['+2', '2'],
      ['.5', '0.5'],
      ['-.5', '-0.5'],
      ['5.', '5'],
      ['007', '7'],
      ['1e3', '1000'],
      ['-2.5E-2', '-0.025'],
      ['+00.10e1', '1'],
      ['123456789012345678901234567890.5', '123456789012345678901234567890.5'],
    ] as const)
      expect(numeric(value), value).toEqual({ x: plain })
    for (const value of ['', '.', '+', 'e5', '1,5', 'NaN', '0x10', '1e600'])
      expect(numeric(value), value).toBe('The setting "setting.user.n", on which the enrichment depends, is no NUMERIC that can be read.')
    expect(text('s', { value: '1.50', dataType: 'STRING' })).toEqual({ x: '1.50' })
    const json = { value: '{"a":{"b":[0.12345678901234567890123]}}', dataType: 'JSON' } as const
    expect(text('j', json, 'j.a.b.0')).toEqual({ x: '0.12345678901234567890123' })
    expect(text('j', { ...json, value: '{"a"' }, 'j.a')).toMatch(/is no JSON that can be read/)
    expect(text('j', { ...json, value: '['.repeat(16_000) + ']'.repeat(16_000) }, 'j.a')).toMatch(/is no JSON that can be read/)
  })

  it('needs every setting, and records what they hold', () => {
    const settings = { weight: { value: '01.50', dataType: 'NUMERIC' } } as const
    expect(enriched([], settings)).toMatchObject({ dependencies: [{ key: 'setting.user.weight', name: 'weight', value: '01.50' }] })
    expect(enriched([], settings, ['weight', 'gone'])).toMatchObject({
      status: 'INGESTION_FAILED_ENRICHMENT_FAILED',
      description: 'The setting "setting.user.gone", on which the enrichment depends, does not exist for this account.',
      dependencies: [{ name: 'weight' }],
    })
    expect(compileSchema(schemaOf({ enrichments: { fields: [], dependencies: ['a', 'b', 'a'].map(dependency) } }), []).settingKeys).toEqual(
      ['setting.user.a', 'setting.user.b'],
    )
  })

  it('is read by meters, filters and features, as are dependencies', () => {
    const { units, featureUnits } = evaluate(
      {
        enrichments: {
          fields: [field('x', '2.50'), field('zone', '"eu"', { type: 'DIMENSION' })],
          dependencies: [dependency('w')],
        },
        filterFields: ['x', 'zone'],
        featureDetails: { featureId: 'f', attributeName: 'x' },
      },
      [
        meterOf({ aggregation: 'COUNT', filters: [{ field: 'x', value: '02.5' }] }),
        meterOf({ aggregation: 'COUNT', filters: [{ field: 'zone', value: 'eu' }] }),
        sumOf('{"*":[{"var":"attributes.x"},{"var":"dependencies.w"}]}'),
      ],
      {},
      { 'setting.user.w': { value: '4', dataType: 'NUMERIC' } },
    )
    expect(units).toEqual(['1', '1', '10'])
    expect(featureUnits).toBe('2.5')
  })
})

describe('a usage meter', () => {
  const schema = { attributes: named('a'), dimensions: named('d', 'e'), filterFields: ['a', 'd', 'e'] }
  const filteredEvent = { attributes: attributesOf({ a: '10.50' }), dimensions: { d: 'x', e: 'y' } }
  const filtered = (...filters: [field: string, value: string][]) =>
    evaluate(schema, [meterOf({ aggregation: 'COUNT', filters: filters.map(([field, value]) => ({ field, value })) })], filteredEvent)
      .units[0]
  const units = (computation: string, matcher?: string) => {
    const { units: given, description } = evaluate(schema, [sumOf(computation, matcher)], filteredEvent)
    return given.length ? given[0] : description
  }

  it.each([
    [[], '1'],
    [[['d', 'x']], '1'],
    [[['d', 'X']], null],
    [[['d', 'x '] as const], null],
    [[['a', '10.5']], '1'],
    [[['a', '010.500']], '1'],
    [[['a', '10.51']], null],
    [[['a', 'ten']], null],
    [[['a', '']], null],
    [
      [
        ['d', 'x'],
        ['e', 'y'],
      ],
      '1',
    ],
    [
      [
        ['d', 'x'],
        ['e', 'z'],
      ],
      null,
    ],
    [
      [
        ['d', 'w'],
        ['d', 'x'],
      ],
      '1',
    ],
    [
      [
        ['d', 'w'],
        ['e', 'y'],
        ['d', 'x'],
        ['a', '1'],
        ['a', '10.5'],
      ],
      '1',
    ],
    [
      [
        ['d', 'w'],
        ['d', 'v'],
      ],
      null,
    ],
    [[['gone', 'x']], null],
    [[['constructor', 'x']], null],
  ] as [[string, string][], string | null][])('with the filters %j gives %j', (filters, expected) => {
    expect(filtered(...filters)).toBe(expected)
  })

  it('takes what its matcher finds true', () => {
    for (const matcher of [undefined, '', ' \n', 'true', '"0"', '1', '{"==":[{"var":"dimension.d"},"x"]}'])
      expect(units('7', matcher)).toBe('7')
    for (const matcher of ['false', 'null', '0', '""', '[]', '{"var":"attributes.gone"}']) expect(units('7', matcher)).toBeNull()
  })

  it('fails with the reason and the operator', () => {
    expect(units('7', '{"==":[1]}')).toBe(
      'The usage meter "distance" failed: its matcher failed: "==": must have exactly 2 arguments, and has 1, at /==.',
    )
    expect(units('7', '{"and":[{"cat":[null]}]}')).toBe(
      'The usage meter "distance" failed: its matcher failed: "cat": cannot make text of null, at /and/0/cat.',
    )
    expect(units('{"if":[1,{"%":[1,0]}]}')).toBe(
      'The usage meter "distance" failed: its computation failed: "%": division by zero, at /if/1/%.',
    )
    expect(units('{"foo":1}')).toMatch(/its computation failed: must have an operator such as var, .* and "foo" is none\.$/)
    expect(evaluate({}, [meterOf()], {}).description).toBe('The usage meter "distance" failed: it has no computation.')
  })

  it('has decimals of up to 512 digits on a side of the point', () => {
    const whole = '9'.repeat(512)
    expect(units(`"${whole}.${whole}"`)).toBe(`${whole}.${whole}`)
    expect(units(`{"+":["${whole}",1]}`)).toMatch(/^The usage meter "distance" failed: its computation gives no decimal number/)
    for (const value of ['null', 'true', '"x"', '[1]', '""']) expect(units(value)).toMatch(/gives no decimal number/)
    expect(units('"-00.10"')).toBe('-0.1')
  })

  it('that fails takes the units of the others with it, unless its filters let the event pass', () => {
    const failing = { ...sumOf('null'), filters: [{ field: 'd', value: 'x' }] }
    expect(evaluate(schema, [sumOf('1'), failing, sumOf('2')], filteredEvent)).toMatchObject({
      status: 'INGESTION_FAILED_UNITS_INVALID',
      units: [],
    })
    expect(evaluate(schema, [sumOf('1'), { ...failing, filters: [{ field: 'd', value: 'z' }] }, sumOf('2')], filteredEvent).units).toEqual([
      '1',
      null,
      '2',
    ])
  })

  it('counts 1 whatever a computation says, and takes the first of several by their order', () => {
    expect(evaluate({}, [meterOf({ aggregation: 'COUNT', computations: [{ computation: '{' }] })], {}).units).toEqual(['1'])
    const computations = [{ computation: '2', order: 2 }, { computation: '1' }]
    expect(evaluate({}, [meterOf({ computations })], {}).units).toEqual(['1'])
  })

  it('sees what the contract lets it see', () => {
    const event = { timestamp: '2026-05-01T12:00:00+02:00', accountId: 'alias', id: 'e-7', schemaName: 'rides' }
    const all = '{"cat":[{"var":"accountId"},"|",{"var":"customerId"},"|",{"var":"timestamp"},"|",{"var":"id"},"|",{"var":"schemaName"}]}'
    const fields = [{ name: 'all', type: 'DIMENSION', enrichmentType: 'JSON_LOGIC', value: all, order: 1 }] as const
    expect(evaluate({ enrichments: { fields } }, [], event).enriched[0]?.value).toBe('acc1|cus1|2026-05-01T10:00:00.000Z|e-7|rides')
  })
})

describe('the id of an event', () => {
  const fields = [
    { name: 'x', type: 'ATTRIBUTE', enrichmentType: 'JSON_LOGIC', value: '{"/":[6,{"var":"attributes.a"}]}', order: 1 },
  ] as const
  const idOf = (
    eventIdTemplate: string | undefined,
    more: Readonly<Record<string, unknown>> = {},
    enrichments?: SchemaDefinition['enrichments'],
  ) =>
    evaluate({ attributes: named('a'), dimensions: named('d'), eventIdTemplate, enrichments }, [], {
      id: undefined,
      attributes: attributesOf({ a: '3.0' }),
      dimensions: { d: 'x' },
      ...more,
    })

  it('is the one sent, before what a template makes', () => {
    expect(idOf('${dimensions.d}', { id: 'mine' }).eventId).toBe('mine')
    expect(idOf('${dimensions.d}', { id: '' }).eventId).toBe('x')
    expect(idOf(undefined)).toMatchObject({
      eventId: undefined,
      status: 'INGESTION_FAILED_NO_EVENT_ID',
      description: 'The event has no id, and its schema "rides" no eventIdTemplate.',
    })
  })

  it.each([
    ['${accountId}-${timestamp}-${dimensions.d}', 'acc1-2026-05-01T10:00:00.000Z-x'],
    ['${ customerId }/${schemaName}/${attribute.a}', 'cus1/rides/3'],
    ['{"cat":[{"var":"dimension.d"},":",{"var":"attributes.a"}]}', 'x:3'],
    [' \n{"var":"dimensions.d"}', 'x'],
    ['{"var":"attributes.a"}', '3'],
    ['{${dimensions.d}}', '{x}'],
    ['constant', 'constant'],
    ['$${dimensions.d}$', '$x$'],
    ['', undefined],
    ['${dimensions.gone}', undefined],
    ['x${dimensions.d', undefined],
    ['${a${dimensions.d}}', undefined],
    ['${}', undefined],
    ['${dimensions}', undefined],
    ['${id}', undefined],
    ['{"var":"dimensions"}', undefined],
    ['{"foo":1}', undefined],
    ['{"a":1,"b":2}', undefined],
    ['{"/":[1,0]}', undefined],
    ['{"cat":["a\\n",{"var":"dimensions.d"}]}', undefined],
    ['{"cat":["\\ud800",{"var":"dimensions.d"}]}', undefined],
    ['x'.repeat(512), 'x'.repeat(512)],
    ['x'.repeat(513), undefined],
  ])('by the template %.60j is %.60j', (template, id) => {
    expect(idOf(template).eventId).toBe(id)
    expect(idOf(template).status).toBe(id === undefined ? 'INGESTION_FAILED_NO_EVENT_ID' : 'INGESTION_COMPLETED_NO_MATCHING_METERS')
  })

  it('names the account as it was sent, so that an event that is sent again has the same one', () => {
    expect(idOf('${accountId}', { accountId: 'alias' }).eventId).toBe('alias')
  })

  it('is made after enrichment', () => {
    expect(idOf('${attributes.x}', {}, { fields }).eventId).toBe('2')
    expect(idOf('{"var":"attributes.x"}', {}, { fields }).eventId).toBe('2')
  })

  it('is none where the enrichment that it needs fails, or may need', () => {
    const zero = { attributes: attributesOf({ a: '0' }) }
    for (const template of ['${attributes.x}', '{"cat":["a",{"var":["attributes.x","?"]}]}'])
      expect(idOf(template, zero, { fields })).toMatchObject({
        status: 'INGESTION_FAILED_NO_EVENT_ID',
        description:
          'The event has no id, and the eventIdTemplate of "rides" makes none of it. The enrichment of "x" failed: "/": division by zero, at /~1.',
      })
    expect(idOf('${dimensions.d}', zero, { fields })).toMatchObject({ status: 'INGESTION_FAILED_ENRICHMENT_FAILED', eventId: 'x' })
    expect(idOf('${dimensions.d}', { attributes: [] })).toMatchObject({ status: 'INGESTION_FAILED', eventId: 'x' })
    expect(idOf('${attributes.a}', { attributes: [] })).toMatchObject({ status: 'INGESTION_FAILED_NO_EVENT_ID' })
  })

  it('is known before the account only where it will stay the same', () => {
    const early = (eventIdTemplate: string | undefined, id?: string, enrichments?: SchemaDefinition['enrichments']) =>
      resolveEventId(
        compileSchema(schemaOf({ attributes: named('a'), dimensions: named('d'), eventIdTemplate, enrichments }), []),
        parsed({ id, accountId: 'unknown', attributes: attributesOf({ a: '3' }), dimensions: { d: 'x' } }),
      )
    expect(early(undefined, 'mine')).toBe('mine')
    expect(early(undefined)).toBeUndefined()
    expect(early('${accountId}-${attributes.a}')).toBe('unknown-3')
    expect(early('${customerId}')).toBeUndefined()
    expect(early('${attributes.x}', undefined, { fields })).toBeUndefined()
    expect(early('{"var":"dimensions.d"}')).toBe('x')
    expect(early('{"var":["customerId","?"]}')).toBeUndefined()
    expect(early('{"var":"dimensions.d"}', undefined, { fields })).toBeUndefined()
  })
})

describe('the feature of a schema', () => {
  const featureDetails = { featureId: 'f', attributeName: 'a' }

  it('is debited by its attribute, also where the units then are invalid', () => {
    const event = { attributes: attributesOf({ a: '-1.50' }) }
    expect(evaluate({ attributes: named('a'), featureDetails }, [], event).featureUnits).toBe('-1.5')
    expect(evaluate({ attributes: named('a'), featureDetails }, [sumOf('null')], event)).toMatchObject({
      status: 'INGESTION_FAILED_UNITS_INVALID',
      featureUnits: '-1.5',
    })
    expect(evaluate({ attributes: named('a') }, [], event).featureUnits).toBeUndefined()
  })

  it('needs it', () => {
    expect(evaluate({ featureDetails }, [], { attributes: attributesOf({ a: '1' }) })).toMatchObject({
      status: 'INGESTION_FAILED',
      description: 'The event lacks the attribute "a", by which its feature is debited.',
      featureUnits: undefined,
    })
  })
})

describe('a compiled schema', () => {
  it('evaluates one event after another without a trace of the one before', () => {
    const schema = compileSchema(
      schemaOf({
        attributes: named('a'),
        enrichments: {
          fields: [{ name: 'b', type: 'ATTRIBUTE', enrichmentType: 'JSON_LOGIC', value: '{"var":["attributes.b",1]}', order: 1 }],
        },
      }),
      [sumOf('{"+":[{"var":"attributes.a"},{"var":"attributes.b"}]}')],
    )
    const settingOf = () => undefined
    for (const a of ['1', '2', '1'])
      expect(evaluateEvent(schema, parsed({ attributes: attributesOf({ a }) }), OWNER, settingOf).units).toEqual([String(Number(a) + 1)])
  })
})
