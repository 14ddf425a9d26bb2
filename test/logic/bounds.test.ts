import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/logic/rule.ts'
import { evaluate, plain } from '../helpers/logic.ts'

const ACCUMULATOR = { var: 'accumulator' }
const ITEM = { var: '' }
const XS = { var: 'xs' }
const [NINES, TINY] = [`${'9'.repeat(512)}.${'9'.repeat(512)}`, `0.${'0'.repeat(511)}1`]
const LONG = { '*': [NINES, NINES] }
const many = (item: unknown = 1, count = 9000): unknown[] => Array.from({ length: count }, () => item)
const deep = (depth: number): unknown => {
  let data: unknown = 1
  for (let level = 0; level < depth; level++) data = { a: data }
  return data
}
/** Each level can be reached by two names. */
const forked = (depth: number): unknown => (depth > 0 ? { a: forked(depth - 1), 'a.a': forked(depth - 2) } : 1)

const STEPS = 'comes after the 10,000 steps that a rule may take'
const TEXT = 'comes after the 1,048,576 characters of text that a rule may make'
const DIGITS = 'a product of more than 2048 digits'

/** What ran away in other systems, or would take minutes here without a budget. */
const NASTY: readonly (readonly [name: string, rule: unknown, message: string, data: unknown])[] = [
  ['text that doubles', { reduce: [many(1, 20), { cat: [ACCUMULATOR, ACCUMULATOR] }, 'xx'] }, TEXT, null],
  ['text that grows', { reduce: [XS, { cat: [ACCUMULATOR, 'x'] }, ''] }, TEXT, { xs: many() }],
  ['parts of a long text', { map: [XS, { substr: ['x'.repeat(60_000), 0] }] }, TEXT, { xs: many() }],
  ['a list that doubles', { reduce: [XS, [ACCUMULATOR, ACCUMULATOR], 1] }, STEPS, { xs: many() }],
  ['a list that deepens', { reduce: [XS, [ACCUMULATOR], 1] }, STEPS, { xs: many() }],
  ['a scope in itself', { reduce: [XS, ITEM, 1] }, STEPS, { xs: many() }],
  ['a merge that doubles', { reduce: [XS, { merge: [ACCUMULATOR, ACCUMULATOR] }, [1]] }, STEPS, { xs: many() }],
  [
    'large data, many times',
    { reduce: [XS, { merge: [ACCUMULATOR, ACCUMULATOR] }, [{ var: 'large' }]] },
    STEPS,
    { xs: many(), large: { xs: many() } },
  ],
  ['maps in a map', { map: [XS, { map: [many(1, 1000), { map: [many(1, 1000), 1] }] }] }, STEPS, { xs: many(1, 1000) }],
  ['a sum of a million', { '+': XS }, STEPS, { xs: many(1, 1_000_000) }],
  ['a merge of millions', { merge: [XS, XS] }, STEPS, { xs: many(1, 1_000_000) }],
  ['a search in a million', { in: ['x', XS] }, STEPS, { xs: many(1, 1_000_000) }],
  [
    'a search that starts again at each character',
    { in: [{ var: 'part' }, { var: 'text' }] },
    STEPS,
    { text: 'a'.repeat(1 << 20), part: `b${'a'.repeat(1 << 19)}` },
  ],
  ['many searches', { filter: [XS, { in: ['baaaaaaa', ITEM] }] }, STEPS, { xs: many('a'.repeat(4000)) }],
  [
    'long texts compared',
    { filter: [XS, { '==': [ITEM, `${'a'.repeat(20_000)}b`] }] },
    STEPS,
    { xs: many(`${'a'.repeat(20_000)}c`, 2000) },
  ],
  ['lists compared with lists', { in: [XS, { var: 'lists' }] }, STEPS, { xs: many(), lists: many(many(1, 8999).concat(2), 100) }],
  ['a power', { reduce: [XS, { '*': [ACCUMULATOR, ACCUMULATOR] }, 2] }, DIGITS, { xs: many() }],
  ['a power of a fraction', { reduce: [XS, { '*': [ACCUMULATOR, ACCUMULATOR] }, 0.1] }, DIGITS, { xs: many() }],
  ['a product of long numbers', { '*': many(NINES, 5) }, DIGITS, null],
  ['long quotients', { map: [XS, { '/': [ITEM, 7] }] }, STEPS, { xs: many(NINES) }],
  ['long remainders', { reduce: [XS, { '+': [{ '%': [ACCUMULATOR, TINY] }, ACCUMULATOR] }, LONG] }, STEPS, { xs: many() }],
  ['long numbers compared', { map: [XS, { '<': [ITEM, TINY] }] }, STEPS, { xs: many(NINES) }],
  ['long numbers as text', { reduce: [XS, { if: [{ cat: [ACCUMULATOR] }, ACCUMULATOR] }, LONG] }, STEPS, { xs: many() }],
  ['texts that are nearly numbers', { map: [XS, { '+': [ITEM, ITEM] }] }, STEPS, { xs: many(`${'1'.repeat(1000)}x`, 400) }],
  ['a path of many steps', { map: [XS, { var: { cat: ['a.'.repeat(49), 'a'] } }] }, STEPS, { xs: many(1, 50) }],
  ['a path that grows', { var: { reduce: [XS, { cat: [ACCUMULATOR, '.'] }, 'a'] } }, TEXT, { xs: many() }],
  ['a path with many ways', { var: `${'a.'.repeat(30)}b` }, STEPS, forked(20)],
  ['a missing path with many ways', { missing: [`${'a.'.repeat(30)}b`] }, STEPS, forked(20)],
  ['a map of large items', { map: [XS, ITEM] }, STEPS, { xs: many(many(1, 100), 200) }],
  ['a million missing names', { missing_some: [1, XS] }, STEPS, { xs: many('x', 1_000_000) }],
  [
    'whole numbers of many digits',
    { reduce: [XS, { if: [{ '<': [1, ACCUMULATOR] }, ACCUMULATOR] }, { '*': many('9'.repeat(512), 4) }] },
    STEPS,
    { xs: many(1, 200) },
  ],
  [
    'small numbers of many places',
    { reduce: [XS, { if: [{ '<': [ACCUMULATOR, 1] }, ACCUMULATOR] }, { '*': [TINY, TINY] }] },
    STEPS,
    { xs: many(1, 200) },
  ],
  ['many missing names', { missing: XS }, STEPS, { xs: many('a.a.a.a.a.a.a.a.a.a.b'), a: deep(50) }],
  ['many dates', { map: [XS, { 'date.add': ['2024-01-31T00:00Z', 'P999Y999M999DT999H'] }] }, STEPS, { xs: many() }],
]

const within = (milliseconds: number, work: () => Outcome): Outcome => {
  const start = performance.now()
  const outcome = work()
  expect(performance.now() - start).toBeLessThan(milliseconds)
  return outcome
}

describe('a rule that would run away', () => {
  for (const [name, rule, message, data] of NASTY)
    it(`ends: ${name}`, () => {
      const { error } = within(2000, () => evaluate(JSON.stringify(rule), data))
      expect(error?.message).toMatch(message)
    })

  it('ends though its data is nested deeper than a stack', () => {
    const data = deep(100_000)
    expect(evaluate('{"var":"a.a.a.b"}', data).value).toBeNull()
    expect(evaluate('{"missing":["a.a.a.b"]}', data).value).toEqual(['a.a.a.b'])
    for (const rule of ['{"===":[{"var":""},{"var":""}]}', '[{"var":""},1]', '{"merge":[{"var":""},1]}'])
      expect(evaluate(rule, data).error?.message).toMatch(STEPS)
  })

  it('ends though its text is as long as a rule may be', () => {
    for (const text of [
      `[${'[],'.repeat(20_000)}1]`,
      `{"+":[${'1,'.repeat(30_000)}1]}`,
      `{"cat":[${'{"var":"a"},'.repeat(5000)}""]}`,
      `"${'\\"'.repeat(30_000)}"`,
      `"${'\\"'.repeat(30_000)}`,
    ])
      within(2000, () => evaluate(text, { a: 1 }))
  })

  it('has room for what is in use', () => {
    const sum = { reduce: [XS, { '+': [ACCUMULATOR, { '*': [{ var: 'current.n' }, '0.25'] }] }, 0] }
    expect(plain(evaluate(JSON.stringify(sum), { xs: many({ n: 4 }, 1000) }).value)).toBe(1000)
    expect(plain(evaluate(JSON.stringify({ map: [XS, { cat: [ITEM, '!'] }] }), { xs: many('x'.repeat(200), 2000) }).value)).toHaveLength(
      2000,
    )
    expect(plain(evaluate(JSON.stringify({ in: ['x', XS] }), { xs: many('y') }).value)).toBe(false)
  })
})

describe('any rule', () => {
  const OPERATORS = (
    'var missing missing_some if ?: == != === !== ! !! and or > >= < <= + - * / % min max cat substr in merge map filter reduce all some ' +
    'none log date date.add date.sub duration.between duration.of duration.as'
  ).split(' ')
  const NUMBERS = [0, 1, -1, 2, 0.5, 1e21, 1e-7, 1e300, -5e-324, '0', '-2.50', NINES, TINY]
  const TEXTS = ['', ' ', 'abc', 'a', 'xs', 'xs.0', 'a.b', 'accumulator', 'current', '__proto__', '\ud800']
  const TIMES = ['2024-05-28T00:00:00Z', '2024-02-29T23:59:59.999+05:30', 'P1M', 'P1DT6H', '-PT1.5S', 'P999999999Y', 'DAYS', 'MONTHS']
  const scalar = fc.constantFrom<unknown>(null, true, false, ...NUMBERS, ...TEXTS, ...TIMES)
  const rule = fc.letrec<{ rule: unknown }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      scalar,
      fc.array(tie('rule'), { maxLength: 4 }),
      fc.tuple(fc.constantFrom(...OPERATORS), fc.array(tie('rule'), { maxLength: 4 })).map(([operator, args]) => ({ [operator]: args })),
      fc.tuple(fc.constantFrom(...OPERATORS), tie('rule')).map(([operator, only]) => ({ [operator]: only })),
    ),
  })).rule
  const data = fc.letrec<{ data: unknown }>((tie) => ({
    data: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('data'), { maxLength: 5 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'a.b', 'xs', '', '0', '__proto__'), tie('data'), { maxKeys: 4 }),
    ),
  })).data

  it('ends in a value or in an error that says where, and the same again', () => {
    let values = 0
    fc.assert(
      fc.property(rule, data, (written, given) => {
        const text = JSON.stringify(written)
        const outcome = evaluate(text, given)
        if (outcome.error) {
          expect(outcome.error.message).not.toBe('')
          expect(outcome.error.path).toMatch(/^(\/|$)/)
        } else {
          expect(outcome.value).toBeDefined()
          JSON.stringify(plain(outcome.value))
          values++
        }
        expect(evaluate(text, given)).toEqual(outcome)
      }),
      { numRuns: 5000 },
    )
    expect(values).toBeGreaterThan(1000)
  })

  it('leaves its data as it is', () => {
    fc.assert(
      fc.property(rule, data, (written, given) => {
        const before = JSON.stringify(given)
        evaluate(JSON.stringify(written), given)
        expect(JSON.stringify(given)).toBe(before)
      }),
      { numRuns: 1000 },
    )
  })

  it('is compiled or refused, whatever the text', () => {
    const nearly = fc.array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '1', 'e', '-', '.', '"var"', '"+"', 'null', ' '), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json(),
          nearly.map((parts) => parts.join('')),
        ),
        (text) => {
          evaluate(text, { a: 1 })
        },
      ),
      { numRuns: 5000 },
    )
  })
})
