import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTimestamp } from '../../src/events/ingestion/timestamp.ts'
import cases from '../data/events.json'
import { parseEvent } from '../../src/events/ingestion/event.ts'
import { sent } from '../helpers/events.ts'

const read = (text: string): string | undefined => {
  const milliseconds = parseTimestamp(text)
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString()
}

describe('the timestamp of an event', () => {
  it.each(cases.filter(({ kind }) => kind === 'timestamp'))('$id', ({ given, expect: expected }) => {
    const result = parseEvent(sent({ timestamp: given['timestamp'] }))
    expect('event' in result ? new Date(result.event.timestamp).toISOString() : false).toBe(expected['instant'] ?? expected['accepted'])
    if ('message' in result) expect(result.message).toMatch(/^timestamp: must be a (?:date-time from 1970 to 9998|string)/)
  })

  it.each([
    ['2026-03-30T10:41', '2026-03-30T10:41:00.000Z'],
    ['2026-03-30T10:41Z', '2026-03-30T10:41:00.000Z'],
    ['2026-03-30T10:41+0530', '2026-03-30T05:11:00.000Z'],
    ['2026-03-30T10:41:10.5-05', '2026-03-30T15:41:10.500Z'],
    ['2026-03-30T10:41:10-00:00', '2026-03-30T10:41:10.000Z'],
    ['2026-03-30T10:41:10.9999999Z', '2026-03-30T10:41:10.999Z'],
    ['2026-03-30T10:41:10.1', '2026-03-30T10:41:10.100Z'],
    ['2026-03-30 10:41:10 UTC', '2026-03-30T10:41:10.000Z'],
    ['2026-03-30 10:41:10 +0530', '2026-03-30T05:11:10.000Z'],
    ['2026-03-30t10:41:10z', '2026-03-30T10:41:10.000Z'],
    ['1969-12-31T23:30:00-01:00', '1970-01-01T00:30:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T23:59:59.999+23:59', '2000-02-29T00:00:59.999Z'],
    ['9998-12-31T23:59:59.999Z', '9998-12-31T23:59:59.999Z'],
  ])('%s', (text, instant) => {
    expect(read(text)).toBe(instant)
  })

  it.each([
    '',
    '2026-03-30',
    '2026-03-30T10',
    '2026-3-30T10:41:10Z',
    '26-03-30T10:41:10Z',
    '+2026-03-30T10:41:10Z',
    '2026/03/30T10:41:10Z',
    '2026-03-30_10:41:10Z',
    '2026-03-30T10-41-10Z',
    '2026-03-30T1041',
    '2026-03-30T10:41:10.Z',
    '2026-03-30T10:41:10,5Z',
    '2026-03-30T10:41.5Z',
    '2026-03-30T10:41:1Z',
    '2026-03-30T10:41:',
    '2026-03-30T24:00:00Z',
    '2026-03-30T10:60:00Z',
    '2026-03-30T10:41:60Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-03-30T10:41:10+24:00',
    '2026-03-30T10:41:10+05:60',
    '2026-03-30T10:41:10+5',
    '2026-03-30T10:41:10+05:',
    '2026-03-30T10:41:10+05:3',
    '2026-03-30T10:41:10+053',
    '2026-03-30T10:41:10+05:300',
    '2026-03-30T10:41:10ZZ',
    '2026-03-30T10:41:10 ',
    '2026-03-30T10:41:10  UTC',
    ' 2026-03-30T10:41:10Z',
    '2026-03-30T10:41:10Z\n',
    '2026-03-30T10:41:10 GMT',
    '٢٠٢٦-03-30T10:41:10Z',
    '1969-12-31T23:59:59Z',
    '9999-01-01T00:00:00.001Z',
    `2026-03-30T10:41:10.${'0'.repeat(60)}Z`,
    'Mon, 30 Mar 2026 10:41:10 GMT',
    'now',
  ])('is not %j', (text) => {
    expect(read(text)).toBeUndefined()
  })

  it('is the instant that its parts make', () => {
    const part = (max: number) => fc.oneof(fc.integer({ min: 0, max }), fc.constantFrom(0, 1, max))
    const two = (number: number) => String(number).padStart(2, '0')
    const offset = fc.option(fc.tuple(fc.constantFrom('+', '-'), part(23), part(59), fc.constantFrom('', ':')), { nil: undefined })
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1970, max: 9997 }), fc.constantFrom(1971, 2000, 2024, 2100)),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        fc.tuple(part(24), part(60), part(60)),
        fc.stringMatching(/^\d{0,12}$/),
        offset,
        (year, month, day, [hour, minute, second], fraction, zone) => {
          const date = `${year}-${two(month)}-${two(day)}`
          const tail = zone ? `${zone[0]}${two(zone[1])}${zone[3]}${two(zone[2])}` : 'Z'
          const text = `${date}T${two(hour)}:${two(minute)}:${two(second)}${fraction && `.${fraction}`}${tail}`
          const isDay = new Date(`${date}T00:00:00Z`).toString() !== 'Invalid Date' && new Date(`${date}T00:00:00Z`).getUTCDate() === day
          const shift = zone ? (zone[0] === '-' ? -1 : 1) * (zone[1] * 60 + zone[2]) * 60_000 : 0
          const instant =
            isDay && hour < 24 && minute < 60 && second < 60
              ? Date.UTC(year, month - 1, day, hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, '0'))) - shift
              : undefined
          expect(parseTimestamp(text), text).toBe(instant !== undefined && instant < 0 ? undefined : instant)
        },
      ),
      { numRuns: 3000 },
    )
  })
})
