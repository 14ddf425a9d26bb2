import * as z from 'zod/mini'
import { distinct, isObject, label, named, text } from '../lib/fields.ts'

export const SettingDataType = named('SettingDataType', z.enum(['STRING', 'NUMERIC', 'JSON', 'JSON_LOGIC']))
export type SettingDataType = z.infer<typeof SettingDataType>

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

const isJson = (value: string): boolean => {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

/** What `value` would have to be to suit `dataType`; undefined when it does. */
const unsuited = (value: string, dataType: SettingDataType): string | undefined => {
  if (dataType === 'NUMERIC' && !DECIMAL.test(value)) return 'must be a decimal number, since dataType is NUMERIC'
  if (dataType.startsWith('JSON') && !isJson(value)) return `must be JSON, since dataType is ${dataType}`
  return undefined
}

export const CreateEntitySetting = named(
  'CreateEntitySetting',
  z
    .strictObject({
      id: label(1, 255),
      value: text(),
      namespace: label(1, 255),
      name: label(1, 255),
      dataType: SettingDataType,
    })
    .check(
      z.superRefine(
        ({ value, dataType }, context) => {
          const message = unsuited(value, dataType)
          if (message) context.addIssue({ code: 'custom', path: ['value'], message })
        },
        { when: ({ value }) => isObject(value) && typeof value['value'] === 'string' && typeof value['dataType'] === 'string' },
      ),
    ),
  'A named value kept with a customer or an account. The value is always a string; dataType says what it reads as.',
)
export type CreateEntitySetting = z.infer<typeof CreateEntitySetting>

/** The settings sent with an entity: at most 10, each (namespace, id) once. */
export const entitySettings = () =>
  z.array(CreateEntitySetting).check(
    z.minLength(0),
    z.maxLength(10),
    distinct(({ namespace, id }) => JSON.stringify([namespace, id]), 'they share a namespace and an id'),
  )
