import { describe, expect, it } from 'vitest'
import { compileSchema, type SchemaDefinition } from '../../src/events/ingestion/definitions.ts'
import type { SettingValue } from '../../src/events/ingestion/settings.ts'
import { attributesOf, casesOf, evaluate, meterOf, named, schemaOf, sumOf } from '../helpers/events.ts'

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
