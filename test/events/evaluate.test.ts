import { describe, expect, it } from 'vitest'
import { compileSchema, type MeterDefinition, type SchemaDefinition } from '../../src/events/ingestion/definitions.ts'
import { evaluateEvent } from '../../src/events/ingestion/evaluate.ts'
import { multiply, formatDecimal, requireDecimal, sumDecimals } from '../../src/lib/decimal.ts'
import { attributesOf, casesOf, evaluate, meterOf, named, OWNER, parsed, schemaOf, sumOf } from '../helpers/events.ts'

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

describe('a description', () => {
  it('is cut from the first character past 250', () => {
    const lengths = Array.from({ length: 50 }, (_, index) => {
      const never = meterOf({ name: 'm'.repeat(index + 1), computations: [{ computation: '1', matcher: 'false' }] })
      return evaluate({}, [never, never, never, sumOf('1', 'false')], {}).description.length
    })
    expect(Math.max(...lengths)).toBe(250)
    expect(Math.min(...lengths)).toBeLessThan(150)
  })

  it('has 250 characters at most, however much there is to say', () => {
    const never = Array.from({ length: 20 }, (_, index) =>
      meterOf({ name: `${'m'.repeat(48)}${index}`, computations: [{ computation: '1', matcher: 'false' }] }),
    )
    const declared = Array.from({ length: 50 }, (_, index) => `\u{1F600}${'d'.repeat(40)}${index}`)
    const dependency = { type: 'SETTING', key: `setting.user.${'k'.repeat(1000)}`, name: 'k' }
    for (const { description } of [
      evaluate({}, never, {}),
      evaluate({ dimensions: named(...declared) }, [], {}),
      evaluate({ enrichments: { fields: [], dependencies: [dependency] } }, [], {}),
      evaluate({}, [sumOf(`{"${'o'.repeat(400)}":1}`)], {}),
    ]) {
      expect(description.length).toBeGreaterThan(100)
      expect(description.length).toBeLessThanOrEqual(250)
    }
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
