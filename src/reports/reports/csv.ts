/** What Excel and others take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r\n]/

const DECIMAL = /^-?\d+(?:\.\d+)?$/

/** Text that a spreadsheet would run as a formula is made harmless by an apostrophe. A decimal number stays one. */
const disarm = (text: string): string => (FORMULA.test(text) && !DECIMAL.test(text) ? `'${text}` : text)

/** A cell in quotes if it needs some (RFC 4180, 2). */
const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** A line of a CSV with its end (RFC 4180). */
export const writeLine = (cells: readonly string[]): string => {
  const line = cells.map((cell) => quote(disarm(cell))).join(',')
  return `${line || '""'}\r\n`
}
