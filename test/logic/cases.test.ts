import { describe, expect, it } from 'vitest'
import { formatDecimal } from '../../src/lib/decimal.ts'
import { isDate, isDecimal, isList, isMap, toText, type Value } from '../../src/logic/values.ts'
import cases from '../data/json-logic.json'
import { evaluate, plain } from '../helpers/logic.ts'

const typeOf = (value: Value): string => {
  if (value === null) return 'null'
  if (isDecimal(value)) return 'number'
  if (isDate(value)) return 'date'
  if (isList(value)) return 'list'
  return isMap(value) ? 'map' : typeof value
}

const writtenOf = (value: Value): unknown => {
  if (isDecimal(value)) return formatDecimal(value)
  return isDate(value) ? toText(value) : plain(value)
}

interface Case {
  id: string
  rule?: unknown
  text?: string
  data?: unknown
  type: string
  value?: unknown
}

describe('the cases of the contract', () => {
  it.each(cases as Case[])('$id', ({ rule, text = JSON.stringify(rule), data = null, type, value: expected = null }) => {
    const { value, error } = evaluate(text, data)
    if (error) {
      expect(type, error.message).toBe('error')
      expect(error.message).not.toBe('')
    } else {
      expect(typeOf(value)).toBe(type)
      expect(writtenOf(value)).toEqual(type === 'number' ? String(expected) : expected)
    }
  })
})
