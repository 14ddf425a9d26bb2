import { describe, expect, it } from 'vitest'
import { attributesOf, evaluate, meterOf, named, sumOf } from '../helpers/events.ts'

describe('a usage meter', () => {
  const schema = { attributes: named('a'), dimensions: named('d', 'e'), filterFields: ['a', 'd', 'e'] }
  const event = { attributes: attributesOf({ a: '10.50' }), dimensions: { d: 'x', e: 'y' } }
  const filtered = (...filters: [field: string, value: string][]) =>
    evaluate(schema, [meterOf({ aggregation: 'COUNT', filters: filters.map(([field, value]) => ({ field, value })) })], event).units[0]
  const units = (computation: string, matcher?: string) => {
    const { units: given, description } = evaluate(schema, [sumOf(computation, matcher)], event)
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
    expect(evaluate(schema, [sumOf('1'), failing, sumOf('2')], event)).toMatchObject({
      status: 'INGESTION_FAILED_UNITS_INVALID',
      units: [],
    })
    expect(evaluate(schema, [sumOf('1'), { ...failing, filters: [{ field: 'd', value: 'z' }] }, sumOf('2')], event).units).toEqual([
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
    const known = { timestamp: '2026-05-01T12:00:00+02:00', accountId: 'alias', id: 'e-7', schemaName: 'rides' }
    const all = '{"cat":[{"var":"accountId"},"|",{"var":"customerId"},"|",{"var":"timestamp"},"|",{"var":"id"},"|",{"var":"schemaName"}]}'
    const fields = [{ name: 'all', type: 'DIMENSION', enrichmentType: 'JSON_LOGIC', value: all, order: 1 }] as const
    expect(evaluate({ enrichments: { fields } }, [], known).enriched[0]?.value).toBe('acc1|cus1|2026-05-01T10:00:00.000Z|e-7|rides')
  })
})
