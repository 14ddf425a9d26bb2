import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileSchema, type MeterDefinition, type SchemaDefinition } from '../../src/events/ingestion/definitions.ts'
import { evaluateEvent, resolveEventId } from '../../src/events/ingestion/evaluate.ts'
import { type ParsedEvent, parseEvent } from '../../src/events/ingestion/event.ts'
import { evaluateUsageEvent, readLicenseEvent } from '../../src/events/ingestion/reserved.ts'
import type { SettingValue } from '../../src/events/ingestion/settings.ts'
import { add, formatDecimal, multiply, requireDecimal } from '../../src/lib/decimal.ts'
import { attributesOf, meterOf, named, OWNER, parsed, schemaOf, sumOf } from '../helpers/events.ts'

const NAMES = [
  'a',
  'b',
  'c',
  'd',
  'é',
  'e\u0301',
  '__proto__',
  'constructor',
  'weight',
  'x y-z',
  'usage',
  'license_id',
  'name',
  'usage_meter_id',
]
const name = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...NAMES) }, fc.string({ minLength: 1, maxLength: 50 }))

/** Values that nothing else has in it, so that one is found where it must not be. */
const SECRET = 'Zq7vK'
const secretText = fc.string({ maxLength: 20 }).map((text) => `${SECRET}${text}`)
const value = fc.stringMatching(/^-?\d{1,30}(\.\d{1,30})?$/)

const path = fc.oneof(
  fc.tuple(fc.constantFrom('attributes', 'attribute', 'dimensions', 'dimension', 'dependencies'), name).map((steps) => steps.join('.')),
  fc.constantFrom('', 'accountId', 'customerId', 'timestamp', 'id', 'schemaName', 'attributes', 'dependencies'),
)
const ruleJson = fc.letrec<{ rule: unknown }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4 },
    path.map((text) => ({ var: text })),
    fc.constantFrom<unknown>(1, 0, -2.5, 1e300, 'text', '', '3', null, true, [], {}),
    fc
      .tuple(
        fc.constantFrom(
          '+',
          '-',
          '*',
          '/',
          '%',
          'max',
          'if',
          '==',
          '>',
          'cat',
          'and',
          'in',
          'missing',
          'map',
          'reduce',
          'date',
          'substr',
          'none',
        ),
        fc.array(tie('rule'), { maxLength: 3 }),
      )
      .map(([operator, items]) => ({ [operator]: items })),
    tie('rule').map((rule) => ({ var: rule })),
  ),
})).rule
const rule = fc.oneof(
  { weight: 6, arbitrary: ruleJson.map((json) => JSON.stringify(json)) },
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', '{', '[['),
)

const optional = <Item>(arbitrary: fc.Arbitrary<Item>) => fc.option(arbitrary, { nil: undefined })

const enrichments = fc.record({
  fields: fc.array(
    fc.record({
      name,
      type: fc.constantFrom('ATTRIBUTE', 'DIMENSION'),
      enrichmentType: fc.constantFrom('VALUE', 'JSON_LOGIC', 'JSON_LOGIC', 'JSON_LOGIC_FROM_DEPENDENCY'),
      value: fc.oneof(rule, name, value),
      order: fc.integer({ min: -2, max: 2 }),
    }),
    { maxLength: 3 },
  ),
  dependencies: optional(fc.array(fc.record({ type: fc.constant('SETTING'), key: fc.string({ maxLength: 300 }), name }), { maxLength: 2 })),
})

const schema: fc.Arbitrary<SchemaDefinition> = fc.record({
  name: fc.string({ minLength: 1, maxLength: 50 }),
  version: fc.constant(1),
  attributes: fc.array(fc.record({ name }), { maxLength: 2 }),
  dimensions: fc.array(fc.record({ name }), { maxLength: 2 }),
  filterFields: fc.array(name, { maxLength: 2 }),
  enrichments: optional(enrichments),
  eventIdTemplate: optional(
    fc.oneof(
      rule,
      path.map((text) => `x-\${${text}}`),
    ),
  ),
  featureDetails: optional(fc.record({ featureId: fc.constant('f'), attributeName: name })),
})

const meter: fc.Arbitrary<MeterDefinition> = fc.record({
  id: fc.constant('um.1'),
  name: fc.string({ minLength: 1, maxLength: 50 }),
  version: fc.constant(1),
  aggregation: fc.constantFrom('COUNT', 'SUM'),
  filters: optional(fc.array(fc.record({ field: name, value: fc.oneof(value, fc.string()) }), { maxLength: 2 })),
  computations: optional(
    fc.array(fc.record({ matcher: optional(rule), computation: rule, order: optional(fc.integer()) }), { maxLength: 2 }),
  ),
})

const sentEvent = fc.record(
  {
    schemaName: fc.constantFrom('rides', 'togai-usage'),
    id: fc.string({ minLength: 1, maxLength: 5 }),
    timestamp: fc.constantFrom('2026-05-01T10:00:00Z', '1970-01-01T00:00', '9998-12-31T23:59:59.999'),
    accountId: secretText,
    attributes: fc.uniqueArray(fc.record({ name, value }), { maxLength: 10, selector: ({ name: key }) => key.normalize('NFC') }),
    dimensions: fc.dictionary(name, secretText, { maxKeys: 5, noNullPrototype: true }),
  },
  { requiredKeys: ['schemaName', 'timestamp', 'accountId', 'attributes', 'dimensions'] },
)
const event: fc.Arbitrary<ParsedEvent> = sentEvent
  .map((one) => parseEvent(one))
  .filter((result) => 'event' in result)
  .map((result) => ('event' in result ? result.event : parsed()))

const reservedEvent: fc.Arbitrary<ParsedEvent> = fc
  .record({
    id: optional(fc.constant('e')),
    numbers: fc.record({ usage: value, action: fc.oneof(fc.constantFrom('1', '-1', '1.0'), value) }, { requiredKeys: [] }),
    texts: fc.record({ usage_meter_id: secretText, license_id: secretText, name: secretText }, { requiredKeys: [] }),
  })
  .map(({ id, numbers, texts }) => parsed({ id, attributes: attributesOf(numbers), dimensions: texts }))

const setting: fc.Arbitrary<SettingValue | undefined> = fc.oneof(
  fc.record({ value: fc.oneof(rule, value, secretText), dataType: fc.constantFrom('STRING', 'NUMERIC', 'JSON', 'JSON_LOGIC') }),
  fc.constant(undefined),
)

const STATUSES = [
  'INGESTION_COMPLETED_EVENT_METERED',
  'INGESTION_COMPLETED_EVENT_NOT_METERED',
  'INGESTION_COMPLETED_NO_MATCHING_METERS',
  'INGESTION_FAILED',
  'INGESTION_FAILED_ENRICHMENT_FAILED',
  'INGESTION_FAILED_NO_EVENT_ID',
  'INGESTION_FAILED_UNITS_INVALID',
]

describe('whatever is defined and sent', () => {
  it('an evaluation ends in a status, a short description without values, and exact units', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(schema, fc.array(meter, { maxLength: 3 }), event, setting, (definition, meters, one, known) => {
        const compiled = compileSchema(definition, meters)
        const evaluation = evaluateEvent(compiled, one, { accountId: `${SECRET}!`, customerId: `${SECRET}?` }, () => known)
        const { status, description, units, enriched, eventId, featureUnits } = evaluation
        seen.add(status)
        expect(STATUSES).toContain(status)
        expect(description.length).toBeGreaterThan(0)
        expect(description.length).toBeLessThanOrEqual(250)
        expect(description).not.toContain(SECRET)
        expect(description.isWellFormed()).toBe(true)
        const isMetered = status === 'INGESTION_COMPLETED_EVENT_METERED' || status === 'INGESTION_COMPLETED_EVENT_NOT_METERED'
        expect(units).toHaveLength(isMetered ? meters.length : 0)
        expect(units.some((each) => each !== null)).toBe(status === 'INGESTION_COMPLETED_EVENT_METERED')
        const decimals = [...units, featureUnits ?? null, ...enriched.map((field) => (field.type === 'ATTRIBUTE' ? field.value : null))]
        for (const decimal of decimals) if (decimal !== null) expect(formatDecimal(requireDecimal(decimal))).toBe(decimal)
        expect(eventId === undefined).toBe(status === 'INGESTION_FAILED_NO_EVENT_ID')
        if (one.id !== undefined) expect(eventId).toBe(one.id)
        const early = resolveEventId(compiled, one)
        if (early !== undefined) expect(eventId).toBe(early)
        expect(evaluateEvent(compiled, one, { accountId: `${SECRET}!`, customerId: `${SECRET}?` }, () => known)).toEqual(evaluation)
      }),
      { numRuns: 4000 },
    )
    expect([...seen].toSorted()).toEqual(STATUSES)
  })

  it('an event of a reserved schema is taken, or says why it is not, without values', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(reservedEvent, fc.boolean(), (one, isKnown) => {
        const usage = evaluateUsageEvent(one, () => isKnown)
        const license = readLicenseEvent(one, new Set(isKnown ? Object.values(one.dimensions) : []))
        const isMetered = usage.status === 'INGESTION_COMPLETED_EVENT_METERED'
        expect([usage.meterId, usage.units].map((its) => its !== undefined)).toEqual([isMetered, isMetered])
        if (isMetered) expect(usage.meterId).toBe(one.dimensions['usage_meter_id'])
        expect('action' in license).toBe(license.status === undefined)
        for (const description of [usage.description, license.description ?? 'taken']) {
          expect(description.length).toBeGreaterThan(0)
          expect(description.length).toBeLessThanOrEqual(250)
          expect(description).not.toContain(SECRET)
        }
        seen.add(usage.status).add(license.status ?? license.action)
      }),
      { numRuns: 1000 },
    )
    expect([...seen].toSorted()).toEqual([
      'ADD',
      'INGESTION_COMPLETED_EVENT_METERED',
      'INGESTION_COMPLETED_NO_MATCHING_METERS',
      'INGESTION_FAILED',
      'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT',
      'INGESTION_FAILED_NO_EVENT_ID',
      'REMOVE',
    ])
  })
})

describe('an evaluation', () => {
  it('is the same whatever the order of attributes, dimensions and declarations', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 3, maxLength: 3 }),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        (values, order, declared) => {
          const names = ['a', 'b', 'c']
          const meters = [sumOf('{"-":[{"var":"attributes.a"},{"*":[{"var":"attributes.b"},{"var":"attribute.c"}]}]}')]
          const evaluateIn = (places: readonly number[], definitions: readonly number[]) =>
            evaluateEvent(
              compileSchema(
                schemaOf({ attributes: definitions.map((place) => ({ name: names[place] ?? '' })), dimensions: named('d', 'e') }),
                meters,
              ),
              parsed({
                attributes: places.map((place) => ({ name: names[place], value: values[place] })),
                dimensions: places[0] ? { d: 'x', e: 'y' } : { e: 'y', d: 'x' },
              }),
              OWNER,
              () => undefined,
            )
          expect(evaluateIn(order, declared)).toEqual(evaluateIn([0, 1, 2], [0, 1, 2]))
        },
      ),
    )
  })

  it('is exact', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const [x, y, z] = [requireDecimal(a), requireDecimal(b), requireDecimal(c)]
        const { units, enriched } = evaluateEvent(
          compileSchema(
            schemaOf({
              attributes: named('a', 'b', 'c'),
              enrichments: {
                fields: [
                  {
                    name: 'ab',
                    type: 'ATTRIBUTE',
                    enrichmentType: 'JSON_LOGIC',
                    value: '{"*":[{"var":"attributes.a"},{"var":"attributes.b"}]}',
                    order: 1,
                  },
                ],
              },
            }),
            [sumOf('{"var":"attributes.a"}'), sumOf('{"+":[{"var":"attributes.ab"},{"var":"attributes.c"}]}')],
          ),
          parsed({ attributes: attributesOf({ a, b, c }) }),
          OWNER,
          () => undefined,
        )
        expect(units).toEqual([formatDecimal(x), formatDecimal(add(multiply(x, y), z))])
        expect(enriched[0]?.value).toBe(formatDecimal(multiply(x, y)))
      }),
    )
  })

  it('runs enrichments by their order, whatever their positions', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 }), (orders) => {
        const fields = orders.map((order) => ({
          name: `f${order}`,
          type: 'ATTRIBUTE' as const,
          enrichmentType: 'JSON_LOGIC' as const,
          value: order === 1 ? '1' : `{"*":[{"var":"attributes.f${order - 1}"},10]}`,
          order,
        }))
        const { units, enriched } = evaluateEvent(
          compileSchema(schemaOf({ enrichments: { fields } }), [sumOf('{"var":"attributes.f4"}')]),
          parsed(),
          OWNER,
          () => undefined,
        )
        expect(units).toEqual(['1000'])
        expect(enriched.map(({ name: each }) => each)).toEqual(['f1', 'f2', 'f3', 'f4'])
      }),
    )
  })

  it('has the units of each meter, whatever other meters there are', () => {
    const meters = [
      sumOf('{"var":"attributes.a"}'),
      meterOf({ aggregation: 'COUNT', filters: [{ field: 'd', value: 'x' }] }),
      sumOf('2', '{">":[{"var":"attributes.a"},0]}'),
    ]
    fc.assert(
      fc.property(value, fc.constantFrom('x', 'y'), fc.shuffledSubarray([0, 1, 2]), (a, d, some) => {
        const unitsOf = (places: readonly number[]) =>
          evaluateEvent(
            compileSchema(
              schemaOf({ attributes: named('a'), dimensions: named('d') }),
              places.flatMap((place) => meters[place] ?? []),
            ),
            parsed({ attributes: attributesOf({ a }), dimensions: { d } }),
            OWNER,
            () => undefined,
          ).units
        const all = unitsOf([0, 1, 2])
        expect(unitsOf(some)).toEqual(some.map((place) => all[place]))
      }),
    )
  })
})
