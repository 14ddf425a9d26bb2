import { Big } from 'big.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  compare,
  type Decimal,
  decimalFromNumber,
  divide,
  DIVISION_BY_ZERO,
  formatDecimal,
  isZero,
  MOST_DIGITS,
  multiply,
  negate,
  parseDecimal,
  parseJsonNumber,
  remainder,
  requireDecimal,
  subtract,
  sumDecimals,
  TOO_MANY_DIGITS,
  truncate,
} from '../../src/lib/decimal.ts'

Big.strict = false
Big.RM = Big.roundHalfUp

/** Digits that a rounding or a carry may trip over are more likely than others. */
const digits = (most: number) =>
  fc
    .array(fc.oneof(fc.constantFrom('0', '9', '5', '49', '50'), fc.integer({ min: 0, max: 9 }).map(String)), {
      minLength: 1,
      maxLength: most,
    })
    .map((some) => some.join('').slice(0, most))

const textOf = (most: number): fc.Arbitrary<string> =>
  fc
    .record({ sign: fc.constantFrom('', '-'), whole: digits(most), fraction: fc.option(digits(most), { nil: undefined }) })
    .map(({ sign, whole, fraction }) => `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}`)

const SIZES = [
  ['4 digits', 4, 1000],
  ['38 digits', 38, 1000],
  ['512 digits', 512, 60],
] as const

const plain = (big: Big): string => {
  const text = big.toFixed()
  return text === '-0' ? '0' : text
}
const places = (big: Big, count: number, mode: 0 | 1): string => plain(new Big(plain(big.round(count, mode))))

describe.each(SIZES)('decimals of up to %s on a side of the point', (_, most, numRuns) => {
  const text = textOf(most)
  const pair = (check: (one: Decimal, other: Decimal, left: Big, right: Big) => void) =>
    fc.assert(
      fc.property(text, text, (one, other) => {
        check(requireDecimal(one), requireDecimal(other), new Big(one), new Big(other))
      }),
      { numRuns },
    )

  it('are read and written as they are', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(formatDecimal(requireDecimal(one))).toBe(plain(new Big(one)))
      }),
      { numRuns },
    )
  })

  it('are added, subtracted and negated', () => {
    pair((one, other, left, right) => {
      expect(formatDecimal(add(one, other))).toBe(plain(left.plus(right)))
      expect(formatDecimal(subtract(one, other))).toBe(plain(left.minus(right)))
      expect(formatDecimal(negate(one))).toBe(plain(left.times(-1)))
    })
  })

  it('are multiplied', () => {
    pair((one, other, left, right) => {
      expect(formatDecimal(multiply(one, other))).toBe(plain(left.times(right)))
    })
  })

  it('are divided half up', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0, max: 9 }), (one, other, count) => {
        fc.pre(!isZero(requireDecimal(other)))
        Big.DP = count
        expect(formatDecimal(divide(requireDecimal(one), requireDecimal(other), count))).toBe(plain(new Big(one).div(other)))
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    )
  })

  it('leave a remainder with the sign of the dividend', () => {
    pair((one, other, left, right) => {
      fc.pre(!isZero(other))
      expect(formatDecimal(remainder(one, other))).toBe(plain(left.mod(right)))
    })
  })

  it('are compared, whatever their scales', () => {
    pair((one, other, left, right) => {
      expect(compare(one, other)).toBe(left.cmp(right))
      expect(compare(one, parseDecimal(plain(left)) ?? other)).toBe(0)
      expect(isZero(one)).toBe(left.eq(0))
    })
  })

  it('are cut toward zero', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 9 }), (one, count) => {
        expect(formatDecimal(truncate(requireDecimal(one), count))).toBe(places(new Big(one), count, 0))
      }),
      { numRuns },
    )
  })

  it('have one sum, in any order', () => {
    const list = fc.array(text, { maxLength: 20 })
    const shuffled = list.chain((texts) => fc.tuple(fc.constant(texts), fc.shuffledSubarray(texts, { minLength: texts.length })))
    fc.assert(
      fc.property(shuffled, ([texts, others]) => {
        const sum = plain(texts.reduce((total, one) => total.plus(one), new Big(0)))
        expect(sumDecimals(texts)).toBe(sum)
        expect(sumDecimals(others)).toBe(sum)
        expect(sumDecimals([sumDecimals(texts), sumDecimals(others.map((one) => formatDecimal(negate(requireDecimal(one)))))])).toBe('0')
      }),
      { numRuns },
    )
  })
})

describe('sumDecimals', () => {
  it('is exact where doubles are at their end', () => {
    const edge = fc.constantFrom(
      '9007199254740991',
      '9007199254740992',
      '-9007199254740991',
      '900719925474099.1',
      '0.00000000000001',
      '1',
      '-0',
      '0.1',
    )
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 12 }), (texts) => {
        expect(sumDecimals(texts)).toBe(plain(texts.reduce((total, one) => total.plus(one), new Big(0))))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    [[], '0'],
    [['-0'], '0'],
    [['0.1', '0.2'], '0.3'],
    [['10', '-4', '0.5'], '6.5'],
    [['007', '0.50'], '7.5'],
    [['9007199254740991', '1', '1'], '9007199254740993'],
  ])('adds %j', (texts, sum) => {
    expect(sumDecimals(texts)).toBe(sum)
  })

  it('reads its own sums again, which may have a digit more than a caller may send', () => {
    const most = '9'.repeat(512)
    const sum = sumDecimals([`${most}.${most}`, `${most}.${most}`])
    expect(parseDecimal(sum)).toBeUndefined()
    expect(sumDecimals([sum, `-${most}.${most}`])).toBe(`${most}.${most}`)
  })

  it.each(['', 'abc', '1e3', '1.2.3', ' 1', `${'1'.repeat(20)}x`])('throws at %j', (text) => {
    expect(() => sumDecimals(['1', text])).toThrow(RangeError)
    expect(() => requireDecimal(text)).toThrow(RangeError)
  })
})

describe('parseDecimal', () => {
  it.each([
    '',
    '-',
    '.',
    '.5',
    '5.',
    '-.5',
    '+5',
    ' 1',
    '1 ',
    '1_0',
    '0x10',
    '1e3',
    '1e-7',
    'NaN',
    'Infinity',
    '--1',
    '1-',
    '1.2.3',
    '1,5',
    '١',
    '１',
    '1n',
  ])('refuses %j', (text) => {
    expect(parseDecimal(text)).toBeUndefined()
    expect(parseDecimal(`${text}${'0'.repeat(20)}x`)).toBeUndefined()
  })

  it('takes 512 digits on each side of the point, and no more', () => {
    const [most, more] = ['7'.repeat(512), '7'.repeat(513)]
    expect(parseDecimal(`-${most}.${most}`)).toEqual({ coefficient: BigInt(`-${most}${most}`), scale: 512 })
    expect(parseDecimal(more)).toBeUndefined()
    expect(parseDecimal(`1.${more}`)).toBeUndefined()
    expect(parseDecimal('7'.repeat(5_000_000))).toBeUndefined()
  })

  it('takes nothing that is not of its form', () => {
    const nearly = fc.array(fc.constantFrom('0', '1', '9', '.', '-', '+', 'e', ' '), { maxLength: 20 }).map((some) => some.join(''))
    fc.assert(
      fc.property(nearly, (text) => {
        expect(parseDecimal(text) !== undefined).toBe(/^-?\d+(\.\d+)?$/.test(text))
      }),
      { numRuns: 5000 },
    )
  })
})

describe('numbers of JSON', () => {
  it('are read by their shortest text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const decimal = decimalFromNumber(number)
        expect(decimal && formatDecimal(decimal)).toBe(plain(new Big(String(number))))
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['1e21', `1${'0'.repeat(21)}`],
    ['1e-7', '0.0000001'],
    ['-1.50E+2', '-150'],
    ['2.5e1', '25'],
    ['0e0', '0'],
    ['-0', '0'],
    ['0.10', '0.1'],
    ['9007199254740993', '9007199254740993'],
    ['1e511', `1${'0'.repeat(511)}`],
    ['1e-512', `0.${'0'.repeat(511)}1`],
    [`0.${'0'.repeat(511)}1e512`, '1'],
  ])('%s is exact', (text, plainText) => {
    const decimal = parseJsonNumber(text)
    expect(decimal && formatDecimal(decimal)).toBe(plainText)
  })

  it.each([
    '1e512',
    '1e-513',
    '1e999999999',
    '1e-99999',
    '007',
    '+1',
    '.5',
    '5.',
    '1e',
    'NaN',
    '',
    '1'.repeat(513),
    `1${'0'.repeat(2000)}`,
  ])('%s is refused', (text) => {
    expect(parseJsonNumber(text)).toBeUndefined()
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%s is none', (number) => {
    expect(decimalFromNumber(number)).toBeUndefined()
  })
})

describe('the ends of arithmetic', () => {
  const decimal = requireDecimal

  it.each([
    ['1', '3', '0.3333'],
    ['2', '3', '0.6667'],
    ['5', '100000', '0.0001'],
    ['4', '100000', '0'],
    ['-5', '100000', '-0.0001'],
    ['5', '-100000', '-0.0001'],
    ['-4', '100000', '0'],
    ['-5', '-100000', '0.0001'],
    ['0', '-3', '0'],
  ])('%s / %s is %s in 4 places', (dividend, divisor, quotient) => {
    expect(formatDecimal(divide(decimal(dividend), decimal(divisor), 4))).toBe(quotient)
  })

  it('has no division by zero', () => {
    for (const zero of ['0', '0.000', '-0']) {
      expect(() => divide(decimal('1'), decimal(zero), 4)).toThrow(DIVISION_BY_ZERO)
      expect(() => remainder(decimal('1'), decimal(zero))).toThrow(DIVISION_BY_ZERO)
    }
  })

  it('ends a product that grows without end', () => {
    const nines = decimal('9'.repeat(512))
    const square = multiply(multiply(nines, nines), multiply(nines, nines))
    expect(formatDecimal(square)).toHaveLength(MOST_DIGITS)
    expect(() => multiply(square, decimal('10'))).toThrow(TOO_MANY_DIGITS)
    expect(() => multiply(negate(square), decimal('10'))).toThrow(TOO_MANY_DIGITS)
    const tiny = decimal(`0.${'0'.repeat(511)}1`)
    const tinier = multiply(multiply(tiny, tiny), multiply(tiny, tiny))
    expect(tinier.scale).toBe(MOST_DIGITS)
    expect(() => multiply(tinier, decimal('0.1'))).toThrow(TOO_MANY_DIGITS)
    expect(formatDecimal(add(square, tinier))).toBe(`${formatDecimal(square)}.${formatDecimal(tinier).slice(2)}`)
  })

  it.each([
    ['0.29', '100', '29'],
    ['1.15', '100', '115'],
    ['4.35', '100', '435'],
    ['0.57', '100', '57'],
  ])('takes no cent from a rate of %s', (rate, usage, amount) => {
    const exact = decimalFromNumber(Number(rate)) ?? decimal('0')
    expect(formatDecimal(truncate(multiply(exact, decimal(usage)), 2))).toBe(amount)
  })

  it('keeps a very small rate and its spelling', () => {
    const rate = decimalFromNumber(1e-7) ?? decimal('0')
    expect(formatDecimal(rate)).toBe('0.0000001')
    expect(formatDecimal(multiply(rate, decimal('123456789')))).toBe('12.3456789')
    expect(formatDecimal(truncate(multiply(rate, decimal('123456789')), 2))).toBe('12.34')
    expect(sumDecimals(['0.0000001'])).toBe('0.0000001')
  })
})
