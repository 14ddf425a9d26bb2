import { numberTyped } from './exact_json.ts'
import { Failure } from './failure.ts'

/** The number that was typed in a field, exact. */
export const requireNumber = (typed: string, field: string): number => {
  const number = numberTyped(typed)
  if (number === undefined) throw new Failure(400, `${field}: type a number, such as 1250.50.`)
  return number
}

/** The number that was typed in a field, as the text that the API takes. Undefined if it was left empty. */
export const decimalTyped = (typed: string, field: string): string | undefined => {
  if (!typed.trim()) return undefined
  requireNumber(typed, field)
  return typed.replaceAll(/[,\s_]/g, '')
}

/** The number that was typed in a field. Undefined if it was left empty. */
export const optionalNumber = (typed: string, field: string): number | undefined => (typed.trim() ? requireNumber(typed, field) : undefined)

/** The instant that was typed in a field in UTC. Undefined if it was left empty. */
export const instantTyped = (typed: string, field: string): string | undefined => {
  if (!typed) return undefined
  const at = new Date(`${typed}Z`)
  if (Number.isNaN(at.getTime())) throw new Failure(400, `${field}: choose a day and a time.`)
  return at.toISOString()
}
