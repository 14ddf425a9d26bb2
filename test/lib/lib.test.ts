import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { dotPath } from '../../src/lib/errors.ts'
import { numberMap, textMap } from '../../src/lib/fields.ts'
import { fold, foldEmail } from '../../src/lib/fold.ts'
import { newId, uuidv7 } from '../../src/lib/ids.ts'
import { instant, iso } from '../../src/lib/time.ts'

describe('newId', () => {
  it('has the form of the contract, and sorts by time in the order of its bytes', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 43), fc.nat(2 ** 43), (one, other) => {
        const [first, second] = [newId('CUSTOMER', one), newId('CUSTOMER', other)]
        expect(first).toMatch(/^customer\.[0-9A-Za-z]{11}\.[0-9A-Za-z]{5}$/)
        expect(first.slice(0, 17) < second.slice(0, 17)).toBe(one < other)
      }),
    )
  })

  it('repeats nothing within one millisecond', () => {
    expect(new Set(Array.from({ length: 100_000 }, () => newId('CUSTOMER', 1_800_000_000_000))).size).toBe(100_000)
  })
})

describe('uuidv7', () => {
  it('is of version 7 and keeps the order in which it was asked for', () => {
    const ids = Array.from({ length: 4096 }, (_, sequence) => uuidv7(1_800_000_000_000, sequence))
    for (const id of ids) expect(id).toMatch(/^01a3185c-5000-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('instant', () => {
  const parse = (value: unknown) => z.safeParse(instant(), value)

  it('reads what iso writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) }), (milliseconds) => {
        expect(parse(iso(milliseconds))).toMatchObject({ success: true, data: milliseconds })
      }),
    )
  })

  it.each([
    ['2020-03-30T10:41:10.088499', '2020-03-30T10:41:10.088Z'],
    ['2020-03-30T10:41:10', '2020-03-30T10:41:10.000Z'],
    ['2020-02-29T23:59:59-00:30', '2020-03-01T00:29:59.000Z'],
    ['2020-03-30T10:41:10.088499+0000', '2020-03-30T10:41:10.088Z'],
    ['2020-03-30T10:41:10+0530', '2020-03-30T05:11:10.000Z'],
    ['2020-03-30 10:41:10 UTC', '2020-03-30T10:41:10.000Z'],
    ['2020-03-30t10:41:10z', '2020-03-30T10:41:10.000Z'],
    ['2026-03-30T10:41Z', '2026-03-30T10:41:00.000Z'],
    ['2026-03-30T10:41+05:30', '2026-03-30T05:11:00.000Z'],
    ['2026-03-30T10:41', '2026-03-30T10:41:00.000Z'],
    ['2026-03-30 10:41 UTC', '2026-03-30T10:41:00.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['9999-01-01T00:00:00Z', '9999-01-01T00:00:00.000Z'],
  ])('reads %s as %s', (value, expected) => {
    expect(parse(value)).toMatchObject({ success: true, data: Date.parse(expected) })
  })

  it.each([
    '',
    '2020-03-30',
    '2020-13-01T00:00:00Z',
    '2021-02-29T00:00:00Z',
    '2020-03-30T24:00:00Z',
    '2020-03-30T10',
    '2020-03-30T10Z',
    '2020-03-30T24:00Z',
    '2020-03-30T10:60Z',
    '2020-03-30T10:41.5Z',
    '9999-01-01T00:00:00.001Z',
    '1',
    'now',
    5,
  ])('refuses %s', (value) => {
    expect(parse(value).success).toBe(false)
  })
})

describe.each([
  ['fold', fold],
  ['foldEmail', foldEmail],
])('%s', (_, folded) => {
  const text = () =>
    fc
      .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('İ', 'ı', 'i', 'ẞ', 'ﬁ', 'Σ', 'ς', '\u0307', '\u0301', '\u0323')))
      .map((parts) => parts.join(''))

  it('is the same of every form of a text, and of what it made of one', () => {
    fc.assert(
      fc.property(text(), (one) => {
        for (const form of ['NFC', 'NFD']) expect(folded(one.normalize(form))).toBe(folded(one))
        expect(folded(folded(one))).toBe(folded(one))
      }),
    )
  })
})

describe.each([
  ['numberMap', numberMap(2), 1],
  ['textMap', textMap(2), 'one'],
])('%s', (_, schema, value) => {
  const faultsOf = (sent: unknown) => z.safeParse(schema, sent).error?.issues.map(({ path, message }) => [path.join('.'), message])

  it('keeps names in NFC, and none of two that are one', () => {
    expect(z.parse(schema, { 'cafe\u0301': value })).toEqual({ 'caf\u00E9': value })
    expect(faultsOf({ 'cafe\u0301': value, 'caf\u00E9': value })).toEqual([['caf\u00E9', 'must be given once: names are kept in NFC']])
    expect(faultsOf(JSON.parse(`{"__proto__":${JSON.stringify(value)}}`))).toEqual([['__proto__', 'must have another name']])
  })

  it('counts its pairs', () => {
    expect(faultsOf({ a: value, b: value })).toBeUndefined()
    expect(faultsOf({ a: value, b: value, c: value })).toEqual([['', 'must hold 2 pairs at most']])
  })
})

describe('dotPath', () => {
  it('writes a path as one reads it in code, and a name of any length briefly', () => {
    expect(dotPath(['account', 'aliases', 3, 'value'])).toBe('account.aliases[3].value')
    expect(dotPath(['account', ''])).toBe('account[""]')
    expect(dotPath([''])).toBe('[""]')
    expect(dotPath([])).toBe('')
    expect(dotPath(['x'.repeat(100)])).toHaveLength(60)
  })
})
