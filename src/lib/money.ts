import * as z from 'zod/mini'
import { minorDigitsOf } from './codes.ts'
import { decimalFromNumber, formatDecimal, requireDecimal } from './decimal.ts'

/** No amount that is sent is larger. */
export const LARGEST_AMOUNT = 1e13

/** An amount of money as a decimal text. It is above 0 unless `isSigned`, and then it is not 0. */
export const moneyAmount = (description: string, isSigned = false) =>
  z.pipe(
    z.number().register(z.globalRegistry, {
      ...(isSigned ? { minimum: -LARGEST_AMOUNT } : { exclusiveMinimum: 0 }),
      maximum: LARGEST_AMOUNT,
      description,
    }),
    z.transform((number: number, { issues }) => {
      const isWithin = Math.abs(number) <= LARGEST_AMOUNT && (isSigned ? number !== 0 : number > 0)
      const decimal = isWithin ? decimalFromNumber(number) : undefined
      if (decimal) return formatDecimal(decimal)
      const expected = isSigned ? `other than 0, from -${LARGEST_AMOUNT} to ${LARGEST_AMOUNT}` : `above 0, up to ${LARGEST_AMOUNT}`
      issues.push({ code: 'custom', input: number, message: `must be an amount ${expected}` })
      return '1'
    }),
  )

/** What is wrong with an amount of a currency, in words that follow its path: it has more decimals than the currency. */
export const findMinorFault = (amount: string, currency: string): string | undefined => {
  const digits = minorDigitsOf(currency)
  if (requireDecimal(amount).scale <= digits) return undefined
  return digits ? `must have ${digits} decimals at most in ${currency}` : `must be a whole number in ${currency}`
}
