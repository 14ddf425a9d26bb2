/** Digits by threes, with commas between them. */
const group = (digits: string): string => digits.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')

/** A decimal text as people read it: `-1234.5` with 2 decimals at least is `−1,234.50`. No digit is lost. */
export const writeNumber = (text: string, leastDecimals = 0): string => {
  const [, sign = '', whole = '', decimals = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (!whole) throw new Error('A number of an invoice is no decimal')
  const shown = decimals.replace(/0+$/, '').padEnd(leastDecimals, '0')
  return `${sign && '\u2212'}${group(whole)}${shown && `.${shown}`}`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The day of an instant (UTC), such as `12 Nov 2026`. */
export const writeDate = (milliseconds: number): string => {
  const date = new Date(milliseconds)
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/** The days of a half-open range of instants. */
export const writePeriod = (start: number, end: number): string => {
  const [first, last] = [writeDate(start), writeDate(Math.max(start, end - 1))]
  return first === last ? first : `${first} \u2013 ${last}`
}

/** How long an invoice may be paid. */
export const writeTerm = (days: number): string => {
  if (days === 0) return 'Due at once'
  return days === 1 ? '1 day' : `${days} days`
}
