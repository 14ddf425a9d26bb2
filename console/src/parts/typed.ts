import { digitsTyped, numberTyped } from './exact_json.ts'
import { Failure } from './failure.ts'

const noNumber = (field: string): Failure => new Failure(400, `${field}: type a number with a point before its fractions, such as 1250.50.`)

/** The number that was typed in a field, exact. */
export const requireNumber = (typed: string, field: string): number => {
  const number = numberTyped(typed)
  if (number === undefined) throw noNumber(field)
  return number
}

/** The number that was typed in a field, as the text that the API takes. Undefined if it was left empty. */
export const decimalTyped = (typed: string, field: string): string | undefined => {
  if (!typed.trim()) return undefined
  const digits = digitsTyped(typed)
  if (digits === undefined) throw noNumber(field)
  return digits
}

/** The number that was typed in a field. Undefined if it was left empty. */
export const optionalNumber = (typed: string, field: string): number | undefined => (typed.trim() ? requireNumber(typed, field) : undefined)

/** Whether what was typed is an instant. A year of five digits is not one. */
export const isInstant = (typed: string): boolean => !Number.isNaN(Date.parse(`${typed}Z`))

/** The instant that was typed in a field in UTC. */
export const requireInstant = (typed: string, field: string): string => {
  if (!isInstant(typed)) throw new Failure(400, `${field}: choose a day and a time.`)
  return new Date(`${typed}Z`).toISOString()
}

/** The instant that was typed in a field in UTC. Undefined if it was left empty. */
export const instantTyped = (typed: string, field: string): string | undefined => (typed ? requireInstant(typed, field) : undefined)
