import { describe, expect, it } from 'vitest'
import { formatDecimal, parseDecimal, sumDecimals } from '../../src/lib/decimal.ts'
import { isTruthy, toDecimalResult, toText } from '../../src/logic/values.ts'
import { evaluate, valueOfRule } from '../helpers/logic.ts'

/** What an event gives its rules: attributes as decimals, dimensions as texts. */
const contextOf = (
  attributes: Record<string, string>,
  dimensions: Record<string, string> = {},
  dependencies: Record<string, string> = {},
) => {
  const numbers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, parseDecimal(value)]))
  return { attributes: numbers, attribute: numbers, dimensions, dimension: dimensions, dependencies }
}

/** Units of a computation; undefined where the event has none. */
const unitsOf = (rule: string, context: unknown): string | undefined => {
  const { value, error } = evaluate(rule, context)
  const units = error ? undefined : toDecimalResult(value)
  return units && formatDecimal(units)
}

describe('enrichments', () => {
  const kilometres = '{"/":[{"var":["attribute.distance"]},{"var":["dependencies.meters_per_km"]}]}'
  const rideType = '{"if":[{"<=":[100,{"var":["attribute.distanceInKM"]}]},"long_distance","short_distance"]}'

  it.each([
    ['5200', '5.2', 'short_distance'],
    ['100000', '100', 'long_distance'],
    ['99999', '99.999', 'short_distance'],
    ['99999.96', '100', 'long_distance'],
  ])('of a ride of %s m', (distance, distanceInKM, type) => {
    expect(unitsOf(kilometres, contextOf({ distance }, {}, { meters_per_km: '1000' }))).toBe(distanceInKM)
    const { value = null } = evaluate(rideType, contextOf({ distance, distanceInKM }))
    expect(toText(value)).toBe(type)
  })

  it('fail without the setting, and where it is 0', () => {
    expect(unitsOf(kilometres, contextOf({ distance: '5200' }))).toBeUndefined()
    expect(evaluate(kilometres, contextOf({ distance: '5200' }, {}, { meters_per_km: '0' })).error?.message).toBe('"/": division by zero')
  })

  it('add two attributes', () => {
    const rule = '{"+":[{"var":"attributes.read_rate"},{"var":"attributes.write_rate"}]}'
    expect(unitsOf(rule, contextOf({ read_rate: '1.25', write_rate: '0.75' }))).toBe('2')
  })
})

describe('meters', () => {
  const rides =
    '{"and": [{"in": [{"var": "dimension.city"}, ["chennai", "mumbai"]]}, {"or": [{">": [{"var": "attribute.distance"}, 100]}, {"<": [{"var": "attribute.distance"}, 20]}]}]}'

  it.each([
    ['chennai', '150', true, '60'],
    ['mumbai', '15', true, '6'],
    ['mumbai', '50', false, '20'],
    ['delhi', '150', false, '60'],
  ])('of rides in %s of %s', (city, distance, isMatched, units) => {
    const context = contextOf({ distance }, { city })
    expect(isTruthy(evaluate(rides, context).value ?? null)).toBe(isMatched)
    expect(unitsOf('{"*":[{"var":"attributes.distance"},0.4]}', context)).toBe(units)
  })

  it('match a dimension', () => {
    const matcher = '{"==":[{"var":"dimensions.country"},"US"]}'
    expect(valueOfRule(matcher, contextOf({}, { country: 'US' }))).toBe(true)
    expect(valueOfRule(matcher, contextOf({}, { country: 'us' }))).toBe(false)
    expect(unitsOf('1', contextOf({}))).toBe('1')
  })

  it.each([
    ['{"var":"attributes.n"}', ['10', '-4', '0.5'], '6.5'],
    ['{"var":"attributes.n"}', ['100', '250.50', '49.50'], '400'],
    ['{"/":[{"var":"attributes.n"},43200]}', ['43200', '100', '2'], '1.0023'],
    ['{"*":[{"var":"attributes.n"},0.0000001]}', ['123456789', '0.0000001'], '12.34567890000001'],
  ])('%s of %j adds up', (rule, values, total) => {
    expect(sumDecimals(values.map((n) => unitsOf(rule, contextOf({ n })) ?? ''))).toBe(total)
  })

  it('have no units of a text', () => {
    expect(unitsOf('{"var":"dimensions.city"}', contextOf({}, { city: 'chennai' }))).toBeUndefined()
  })
})

describe('attributes that are sent as text', () => {
  const rules = [
    ['{"+":["1.5","2.25"]}', 3.75],
    ['{"+":["0.1","0.2"]}', 0.3],
    ['{">":["10","9"]}', true],
    ['{"max":["10","9"]}', 10],
  ] as const
  it.each(rules)('%s is %s', (rule, value) => {
    expect(valueOfRule(rule)).toBe(value)
  })

  it('are equal by value', () => {
    const context = contextOf({ a: '1.0', b: '1' })
    expect(valueOfRule('{"==":[{"var":"attributes.a"},{"var":"attributes.b"}]}', context)).toBe(true)
    expect(valueOfRule('{"==":[{"var":"attributes.a"},"1"]}', context)).toBe(true)
    expect(valueOfRule('{"===":[{"var":"attributes.a"},{"var":"attributes.b"}]}', context)).toBe(true)
  })

  it.each(['{"*":["3",""]}', '{"-":["5","abc"]}'])('%s makes no units: neither 0 nor NaN reaches a sum', (rule) => {
    expect(unitsOf(rule, contextOf({}))).toBeUndefined()
  })
})

describe('a division by zero', () => {
  const rate = '{"/":[{"var":"attribute.bytes"},{"var":"attribute.seconds"}]}'

  it('fails its own event and no other', () => {
    const events = [
      ['100', '10'],
      ['5', '0'],
      ['0', '0'],
    ] as const
    expect(events.map(([bytes, seconds]) => unitsOf(rate, contextOf({ bytes, seconds })))).toEqual(['10', undefined, undefined])
    expect(evaluate(rate, contextOf({ bytes: '0', seconds: '0' }))).toEqual({ error: { path: '/~1', message: '"/": division by zero' } })
  })
})
