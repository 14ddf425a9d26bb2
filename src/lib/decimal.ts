/** An exact decimal number, coefficient / 10^scale: 12.50 is { coefficient: 1250n, scale: 2 }. */
export interface Decimal {
  readonly coefficient: bigint
  readonly scale: number
}

export const ZERO: Decimal = { coefficient: 0n, scale: 0 }

export const DIVISION_BY_ZERO = new RangeError('division by zero')

/** The most digits that a product may have, and the most of them behind the point. */
export const MOST_DIGITS = 2048
export const TOO_MANY_DIGITS = new RangeError(`a product of more than ${MOST_DIGITS} digits`)

const BOUND = 10n ** BigInt(MOST_DIGITS)
const LEAST = -BOUND
const POWERS = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent))
const tenTo = (exponent: number): bigint => POWERS[exponent] ?? 10n ** BigInt(exponent)

/** The form of a decimal text: up to 512 digits before the point and 512 behind it. */
const FORM = /^-?\d{1,512}(\.\d{1,512})?$/
const LONGEST_TEXT = 1026

/** A decimal whose digits a double holds exactly: units / 10^scale. */
interface ShortDecimal {
  readonly units: number
  readonly scale: number
}

const MINUS = 45
const POINT = 46
const DIGIT_ZERO = 48

/** Reads a decimal of at most 16 characters. Undefined if it is longer, has too many digits or is invalid. */
const parseShort = (text: string): ShortDecimal | undefined => {
  const { length } = text
  if (length > 16) return undefined
  const start = text.charCodeAt(0) === MINUS ? 1 : 0
  let units = 0
  let point = length
  for (let at = start; at < length; at++) {
    const digit = text.charCodeAt(at) - DIGIT_ZERO
    if (digit >= 0 && digit <= 9) units = units * 10 + digit
    else if (digit === POINT - DIGIT_ZERO && point === length) point = at
    else return undefined
  }
  if (point === start || point === length - 1 || !Number.isSafeInteger(units)) return undefined
  return { units: start ? -units : units, scale: point === length ? 0 : length - point - 1 }
}

const parseLong = (text: string): Decimal => {
  const point = text.indexOf('.')
  if (point < 0) return { coefficient: BigInt(text), scale: 0 }
  return { coefficient: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 }
}

/** Reads a decimal such as -12.50, without exponent, plus sign or spaces. Undefined if it is invalid. */
export const parseDecimal = (text: string): Decimal | undefined => {
  const short = parseShort(text)
  if (short) return { coefficient: BigInt(short.units), scale: short.scale }
  return text.length <= LONGEST_TEXT && FORM.test(text) ? parseLong(text) : undefined
}

/** The form of a computed decimal. Sums and products can have more digits than the values that callers send. */
const STORED_FORM = /^-?\d{1,4096}(\.\d{1,4096})?$/

/** Reads a decimal that this program wrote, with up to 4,096 digits on each side of the point. Throws a RangeError if it is invalid. */
export const requireDecimal = (text: string): Decimal => {
  const short = parseShort(text)
  if (short) return { coefficient: BigInt(short.units), scale: short.scale }
  if (!STORED_FORM.test(text)) throw new RangeError(`not a decimal: "${text.slice(0, 40)}"`)
  return parseLong(text)
}

const JSON_NUMBER = /^(-?(?:0|[1-9]\d*))(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/

/** Reads a JSON number, such as 1e21 or 1e-7. Undefined if it is invalid or has more than 512 digits on a side of the point. */
export const parseJsonNumber = (text: string): Decimal | undefined => {
  if (text.length > LONGEST_TEXT) return undefined
  const [, whole, fraction = '', exponent = '0'] = JSON_NUMBER.exec(text) ?? []
  if (whole === undefined) return undefined
  const coefficient = BigInt(whole + fraction)
  const scale = fraction.length - Number(exponent)
  return parseDecimal(formatDecimal(scale < 0 ? { coefficient: coefficient * tenTo(-scale), scale: 0 } : { coefficient, scale }))
}

/** The decimal of a number's shortest text, such as 0.1 for 0.1. Undefined for NaN and infinities. */
export const decimalFromNumber = (number: number): Decimal | undefined => parseDecimal(String(number)) ?? parseJsonNumber(String(number))

/** The coefficient of a decimal at a scale that is not below its own. */
const scaledTo = ({ coefficient, scale }: Decimal, wanted: number): bigint =>
  scale === wanted ? coefficient : coefficient * tenTo(wanted - scale)

export const add = (one: Decimal, other: Decimal): Decimal => {
  const scale = Math.max(one.scale, other.scale)
  return { coefficient: scaledTo(one, scale) + scaledTo(other, scale), scale }
}

export const negate = ({ coefficient, scale }: Decimal): Decimal => ({ coefficient: -coefficient, scale })

export const subtract = (one: Decimal, other: Decimal): Decimal => {
  const scale = Math.max(one.scale, other.scale)
  return { coefficient: scaledTo(one, scale) - scaledTo(other, scale), scale }
}

/** Multiplies two decimals. Throws TOO_MANY_DIGITS if the product has more than MOST_DIGITS digits. */
export const multiply = (one: Decimal, other: Decimal): Decimal => {
  const coefficient = one.coefficient * other.coefficient
  const scale = one.scale + other.scale
  if (coefficient >= BOUND || coefficient <= LEAST || scale > MOST_DIGITS) throw TOO_MANY_DIGITS
  return { coefficient, scale }
}

/** The quotient to `places` places, rounded half up, away from zero at .5. Throws DIVISION_BY_ZERO. */
export const divide = (dividend: Decimal, divisor: Decimal, places: number): Decimal => {
  if (divisor.coefficient === 0n) throw DIVISION_BY_ZERO
  const shift = places + divisor.scale - dividend.scale
  const over = shift > 0 ? dividend.coefficient * tenTo(shift) : dividend.coefficient
  const under = shift < 0 ? divisor.coefficient * tenTo(-shift) : divisor.coefficient
  const half = over < 0n === under < 0n ? under : -under
  return { coefficient: (2n * over + half) / (2n * under), scale: places }
}

/** The exact remainder, with the sign of the dividend. Throws DIVISION_BY_ZERO. */
export const remainder = (dividend: Decimal, divisor: Decimal): Decimal => {
  if (divisor.coefficient === 0n) throw DIVISION_BY_ZERO
  const scale = Math.max(dividend.scale, divisor.scale)
  return { coefficient: scaledTo(dividend, scale) % scaledTo(divisor, scale), scale }
}

/** Compares two decimals. Returns a number below 0, 0, or a number above 0. */
export const compare = (one: Decimal, other: Decimal): number => {
  const scale = Math.max(one.scale, other.scale)
  const left = scaledTo(one, scale)
  const right = scaledTo(other, scale)
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** Cuts a decimal to `places` places, toward zero. */
export const truncate = (decimal: Decimal, places: number): Decimal =>
  decimal.scale <= places ? decimal : { coefficient: decimal.coefficient / tenTo(decimal.scale - places), scale: places }

export const isZero = ({ coefficient }: Decimal): boolean => coefficient === 0n

const writeDigits = (digits: string, scale: number): string => {
  if (scale === 0) return digits
  const padded = digits.length > scale ? digits : digits.padStart(scale + 1, '0')
  const point = padded.length - scale
  let end = padded.length
  while (end > point && padded.charCodeAt(end - 1) === DIGIT_ZERO) end--
  return end === point ? padded.slice(0, point) : `${padded.slice(0, point)}.${padded.slice(point, end)}`
}

/** Plain digits, without exponent and without zeros at the end of the fraction. */
export const formatDecimal = ({ coefficient, scale }: Decimal): string =>
  coefficient < 0n ? `-${writeDigits((-coefficient).toString(), scale)}` : writeDigits(coefficient.toString(), scale)

const SHORT_POWERS = POWERS.slice(0, 16).map(Number)

/** The units at a scale that is not below their own. They may be inexact, but then are so large that no sum with a short decimal is safe. */
const unitsAt = (units: number, scale: number, wanted: number): number =>
  scale === wanted ? units : units * (SHORT_POWERS[wanted - scale] ?? Number.NaN)

/** The exact sum of decimal texts, as text. It is "0" if there are none. Throws a RangeError if one of them is not a decimal. */
export const sumDecimals = (texts: readonly string[]): string => {
  let total = ZERO
  let units = 0
  let scale = 0
  for (const text of texts) {
    const short = parseShort(text)
    if (!short) {
      total = add(total, requireDecimal(text))
      continue
    }
    const common = Math.max(scale, short.scale)
    const sum = unitsAt(units, scale, common) + unitsAt(short.units, short.scale, common)
    if (Number.isSafeInteger(sum)) {
      units = sum
      scale = common
    } else {
      total = add(total, { coefficient: BigInt(units), scale })
      units = short.units
      scale = short.scale
    }
  }
  if (total !== ZERO) return formatDecimal(add(total, { coefficient: BigInt(units), scale }))
  return units < 0 ? `-${writeDigits(String(-units), scale)}` : writeDigits(String(units), scale)
}

const exactJson = JSON as JSON & { rawJSON: (text: string) => unknown }

/** Wraps a decimal text for JSON.stringify, so that it is written as a number with all its digits. */
export const jsonNumber = (text: string): number => {
  const number = Number(text)
  return String(number) === text ? number : (exactJson.rawJSON(text) as number)
}
