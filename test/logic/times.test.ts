import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate, valueOfRule } from '../helpers/logic.ts'

const rule = (operator: string, ...args: unknown[]) => valueOfRule(JSON.stringify({ [operator]: args }))

describe('date', () => {
  it.each([
    ['2024-05-28T00:00:00Z', '2024-05-28T00:00Z'],
    ['2024-05-28T10:45Z', '2024-05-28T10:45Z'],
    ['2024-05-28t10:45:30z', '2024-05-28T10:45:30Z'],
    ['2024-05-28T10:45:30.5+05:30', '2024-05-28T10:45:30.500+05:30'],
    ['2024-05-28T10:45:00.001-0800', '2024-05-28T10:45:00.001-08:00'],
    ['2024-05-28T10:45:30.123456789Z', '2024-05-28T10:45:30.123Z'],
    ['2024-02-29T23:59:59+18:00', '2024-02-29T23:59:59+18:00'],
    ['2024-05-28T00:00:00-00:00', '2024-05-28T00:00Z'],
    ['0000-01-01T00:00:00+01:00', '0000-01-01T00:00+01:00'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00Z'],
    ['9999-12-31T23:59:59.999-18:00', '9999-12-31T23:59:59.999-18:00'],
  ])('reads %s', (text, written) => {
    expect(rule('date', text)).toEqual({ date: written })
  })

  it.each([
    '',
    '2024-05-28',
    '2024-05-28T',
    '2024-05-28T00:00:00',
    '2024-05-28T00Z',
    '2024-05-28 00:00:00Z',
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-05-28T24:00:00Z',
    '2024-05-28T00:60:00Z',
    '2024-05-28T00:00:60Z',
    '2024-05-28T00:00:00.Z',
    '2024-05-28T00:00:00+19:00',
    '2024-05-28T00:00:00+18:01',
    '2024-05-28T00:00:00+05:60',
    '2024-05-28T00:00:00+05',
    '+2024-05-28T00:00:00Z',
    '12024-05-28T00:00:00Z',
    ' 2024-05-28T00:00:00Z',
    `2024-05-28T00:00:00.${'0'.repeat(100)}Z`,
  ])('takes %j for none', (text) => {
    expect(rule('date', text)).toBeNull()
  })

  it('takes one text', () => {
    expect(rule('date')).toBeNull()
    expect(rule('date', true)).toBeNull()
    expect(valueOfRule('{"date":{"date":"2024-05-28T00:00:00Z"}}')).toBeNull()
    expect(evaluate('{"date":["2024-05-28T00:00:00Z",1]}').error?.message).toBe('"date": must have one argument, and has 2')
  })
})

describe('date.add and date.sub', () => {
  it.each([
    ['2024-01-31T00:00:00Z', 'P1M', '2024-02-29T00:00Z'],
    ['2023-01-31T00:00:00Z', 'P1M', '2023-02-28T00:00Z'],
    ['2024-02-29T12:00:00Z', 'P1Y', '2025-02-28T12:00Z'],
    ['2024-02-29T00:00:00Z', 'P1Y1M', '2025-03-28T00:00Z'],
    ['2024-01-31T00:00:00Z', 'P1M1D', '2024-03-01T00:00Z'],
    ['2024-12-31T00:00:00Z', 'P2M', '2025-02-28T00:00Z'],
    ['2024-05-28T10:15:30.120+05:30', 'PT30M', '2024-05-28T10:45:30.120+05:30'],
    ['2024-05-31T23:00:00-0800', 'P1M', '2024-06-30T23:00-08:00'],
    ['2024-05-28T00:00:00Z', 'P1W1D', '2024-06-05T00:00Z'],
    ['2024-05-28T00:00:00Z', 'P1DT-24H', '2024-05-28T00:00Z'],
    ['2024-05-28T00:00:00Z', '-P1M', '2024-04-28T00:00Z'],
    ['2024-05-28T00:00:00Z', '-PT-1H', '2024-05-28T01:00Z'],
    ['2024-05-28T00:00:00Z', '+P1D', '2024-05-29T00:00Z'],
    ['2024-05-28T00:00:00Z', 'PT1.999S', '2024-05-28T00:00:01Z'],
    ['2024-05-28T00:00:00Z', 'PT-1.999S', '2024-05-27T23:59:59Z'],
    ['2024-05-28T00:00:00.750Z', 'PT0.5S', '2024-05-28T00:00:00.750Z'],
    ['9999-12-31T23:59:59Z', 'PT1S', null],
    ['0000-01-01T00:00:00Z', '-PT1S', null],
    ['2024-05-28T00:00:00Z', 'P7975Y', '9999-05-28T00:00Z'],
    ['2024-05-28T00:00:00Z', 'P999999999Y', null],
    ['2024-05-28T00:00:00Z', 'P999999999M', null],
    ['2024-05-28T00:00:00Z', 'P999999999D', null],
    ['2024-05-28T00:00:00Z', 'P9999999999D', null],
    ['2024-05-28T00:00:00Z', 'PT9999999999H', null],
    ['2024-05-28T00:00:00Z', 'P300000000DT-7199999999H-59M-59S', '2024-05-28T00:00:01Z'],
    ['2024-05-28T00:00:00Z', 'P', null],
    ['2024-05-28T00:00:00Z', 'PT', null],
    ['2024-05-28T00:00:00Z', 'P1DT', null],
    ['2024-05-28T00:00:00Z', 'P1', null],
    ['2024-05-28T00:00:00Z', '1D', null],
    ['2024-05-28T00:00:00Z', 'P1.5D', null],
    ['2024-05-28T00:00:00Z', 'P1M1Y', null],
    ['2024-05-28T00:00:00Z', 'pt1h', null],
    ['2024-05-28T00:00:00Z', `PT0.${'0'.repeat(200)}S`, null],
    ['2024-05-28T00:00:00Z', 5, null],
    ['2024-05-28', 'P1D', null],
    [1716854400000, 'P1D', null],
    [null, 'P1D', null],
  ])('%s and %s are %s', (from, duration, result) => {
    expect(rule('date.add', from, duration)).toBe(result)
  })

  it('goes back by years, then months, then days', () => {
    expect(rule('date.sub', '2024-03-31T00:00:00Z', 'P1M')).toBe('2024-02-29T00:00Z')
    expect(rule('date.sub', '2025-03-29T00:00:00Z', 'P1Y1M')).toBe('2024-02-29T00:00Z')
    expect(rule('date.sub', '2024-05-28T00:00:00Z', '-PT1H')).toBe('2024-05-28T01:00Z')
  })

  it('reads again what it has written', () => {
    expect(valueOfRule('{"date.add":[{"date.add":["2024-05-28T00:00:00+05:30","P1D"]},"P1D"]}')).toBe('2024-05-30T00:00+05:30')
    expect(valueOfRule('{"date.sub":[{"date":"2024-05-28T00:00:00+05:30"},"P1D"]}')).toBe('2024-05-27T00:00+05:30')
  })

  it.each(['date.add', 'date.sub', 'duration.between', 'duration.of', 'duration.as'])('%s has two arguments, or none', (operator) => {
    expect(rule(operator)).toBeNull()
    for (const args of [['2024-05-28T00:00:00Z'], ['2024-05-28T00:00:00Z', 'P1D', 1]])
      expect(evaluate(JSON.stringify({ [operator]: args })).error?.message).toMatch(`"${operator}": must have exactly 2 arguments`)
  })

  it('comes back where no month or year is in between', () => {
    const seconds = fc.integer({ min: -(10 ** 10), max: 10 ** 10 })
    const from = fc
      .date({ min: new Date('1000-01-01'), max: new Date('9000-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString())
    fc.assert(
      fc.property(from, seconds, (start, count) => {
        const duration = rule('duration.of', count, 'SECONDS')
        const end = rule('date.add', start, duration)
        expect(rule('duration.between', start, end)).toBe(duration)
        expect(rule('duration.as', duration, 'SECONDS')).toBe(count)
        expect(valueOfRule(JSON.stringify({ '==': [{ date: start }, { 'date.sub': [end, duration] }] }))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('duration.between', () => {
  it.each([
    ['2024-05-01T00:00:00Z', '2024-06-01T00:00:00Z', 'PT744H'],
    ['2024-06-01T01:02:03.250Z', '2024-06-01T00:00:00Z', 'PT-1H-2M-3.25S'],
    ['2024-06-01T00:00:00Z', '2024-06-01T00:00:00.001Z', 'PT0.001S'],
    ['2024-06-01T00:00:00.500Z', '2024-06-01T00:00:00Z', 'PT-0.5S'],
    ['2024-06-01T00:00:00+05:30', '2024-05-31T18:30:00Z', 'PT0S'],
    ['2024-06-01', '2024-06-02T00:00:00Z', null],
    ['2024-06-01T00:00:00Z', 5, null],
  ])('%s to %s is %s', (from, until, duration) => {
    expect(rule('duration.between', from, until)).toBe(duration)
  })

  it('takes date values', () => {
    expect(valueOfRule('{"duration.between":[{"date":"2024-05-01T00:00Z"},{"date":"2024-05-02T00:00Z"}]}')).toBe('PT24H')
  })
})

describe('duration.of', () => {
  it.each([
    [100, 'DAYS', 'P100D'],
    ['100', 'DAYS', 'P100D'],
    [-2, 'WEEKS', 'P-14D'],
    [3, 'MONTHS', 'P3M'],
    [0, 'YEARS', 'P0Y'],
    [0, 'HOURS', 'PT0S'],
    [90, 'MINUTES', 'PT1H30M'],
    [-90, 'MINUTES', 'PT-1H-30M'],
    [100, 'SECONDS', 'PT1M40S'],
    [1500, 'MILLIS', 'PT1.5S'],
    ['', 'SECONDS', 'PT0S'],
    ['2.0', 'HOURS', 'PT2H'],
    [1.5, 'HOURS', null],
    ['1.5', 'HOURS', null],
    ['x', 'HOURS', null],
    [true, 'HOURS', null],
    [1, 'hours', null],
    [1, 'NANOS', null],
    [1, 'HALF_DAYS', null],
    [1, null, null],
    [1, 'toString', null],
    [1e300, 'DAYS', null],
    [9007199254740991, 'MILLIS', 'PT2501999792H59M0.991S'],
    [9007199254740991, 'SECONDS', null],
  ])('%j %s are %s', (count, unit, duration) => {
    expect(rule('duration.of', count, unit)).toBe(duration)
  })
})

describe('duration.as', () => {
  it.each([
    ['P1DT6H30M', 'HOURS', 30],
    ['PT1.5S', 'MILLIS', 1500],
    ['PT1.5S', 'SECONDS', 1],
    ['-PT1.5S', 'SECONDS', -1],
    ['PT-0.5S', 'SECONDS', 0],
    ['P1WT1H', 'DAYS', 7],
    ['P1Y', 'DAYS', null],
    ['P1M', 'SECONDS', null],
    ['P0Y0M1D', 'HOURS', 24],
    ['P1D', 'WEEKS', null],
    ['P1D', 'NANOS', null],
    ['P1D', 'days', null],
    [5, 'DAYS', null],
    ['P1D', 5, null],
    ['PT9999999999H', 'DAYS', null],
    ['P100000000DT-2399999999H', 'HOURS', 1],
    ['PT99999999999H', 'DAYS', null],
  ])('%s in %s is %s', (duration, unit, count) => {
    expect(rule('duration.as', duration, unit)).toBe(count)
  })
})
