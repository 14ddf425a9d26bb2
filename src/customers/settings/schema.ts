import * as z from 'zod/mini'
import { described, displayName, distinct, isObject, label, list, named, text } from '../../lib/fields.ts'
import { explainRuleError } from '../../logic/place.ts'
import { compileRule } from '../../logic/rule.ts'
import { pageQuery, paginated } from '../../lib/page.ts'

export { BusinessDetails } from './business_details.ts'

export const SettingDataType = named('SettingDataType', z.enum(['STRING', 'NUMERIC', 'JSON', 'JSON_LOGIC']))
export type SettingDataType = z.infer<typeof SettingDataType>

/** A number with an exponent of at most 3 digits. With at most 512 characters, calculations with it stay fast. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/
const LONGEST_DECIMAL = 512

const isJson = (value: string): boolean => {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

/** Says why `value` does not match `dataType`. Undefined if it does. */
export const explainMismatch = (value: string, dataType: SettingDataType): string | undefined => {
  if (dataType === 'NUMERIC' && (value.length > LONGEST_DECIMAL || !DECIMAL.test(value)))
    return 'must be a decimal number, since dataType is NUMERIC'
  if (dataType === 'JSON' && !isJson(value)) return 'must be JSON, since dataType is JSON'
  const { error } = dataType === 'JSON_LOGIC' ? compileRule(value) : {}
  return error && `must be a rule of JSON Logic, since dataType is JSON_LOGIC: ${explainRuleError(error)}`
}

/** Ten settings are read with their account, in one row, which D1 limits to 2 MB. */
const LONGEST_VALUE = 32_768

const setting = {
  id: label(1, 255),
  value: text(LONGEST_VALUE),
  namespace: label(1, 255),
  name: displayName(1, 255),
  dataType: SettingDataType,
}

const matchesDataType = z.superRefine<{ value: string; dataType: SettingDataType }>(
  ({ value, dataType }, context) => {
    const message = explainMismatch(value, dataType)
    if (message) context.addIssue({ code: 'custom', path: ['value'], message })
  },
  { when: ({ value }) => isObject(value) && typeof value['value'] === 'string' && typeof value['dataType'] === 'string' },
)

export const CreateEntitySetting = named(
  'CreateEntitySetting',
  z.strictObject(setting).check(matchesDataType),
  'A named value of a customer or an account. The value is always a string; dataType says how to read it.',
)
export type CreateEntitySetting = z.infer<typeof CreateEntitySetting>

/** The types of entities that can have settings so far. The contract has ten. */
const ENTITY_TYPES = [
  'ORGANIZATION',
  'CUSTOMER',
  'ACCOUNT',
  'INVOICE_GROUP',
  'EVENT_SCHEMA',
  'USAGE_METER',
  'ADD_ON',
  'FEATURE',
  'PRICE_PLAN',
] as const
const LATER: ReadonlySet<unknown> = new Set(['INVOICE'])

const entityType = () =>
  z.enum(ENTITY_TYPES, {
    error: ({ input }) => {
      if (input === undefined) return 'is required'
      return `must be ${ENTITY_TYPES.join(', ')}${LATER.has(input) ? ', and not what does not exist here yet' : ''}`
    },
  })

export const Setting = named(
  'Setting',
  z
    .strictObject({
      ...setting,
      entityType: described(`The type of the entity that the setting belongs to: ${ENTITY_TYPES.join(', ')}.`, entityType()),
      entityId: described('The id of the entity. If the entity has an id of your own, use that.', label(1, 255)),
    })
    .check(matchesDataType),
)
export type Setting = z.infer<typeof Setting>

export const UpdateSettingRequest = named(
  'UpdateSettingRequest',
  z.strictObject({ name: z.optional(setting.name), value: z.optional(text(LONGEST_VALUE)), dataType: z.optional(SettingDataType) }),
  'The fields that are sent replace the previous ones.',
)
export type UpdateSettingRequest = z.infer<typeof UpdateSettingRequest>

export const SettingPath = z.strictObject({
  setting_id_str: described('In the form setting.<namespace>.<id>.<entityType>.<entityId>. The parts may contain dots.', label(1, 1100)),
})

export const ListSettingQuery = pageQuery({
  entity_type: z.optional(entityType()),
  entity_id: z.optional(label(1, 255)),
  setting_id: z.optional(label(1, 255)),
  namespace: z.optional(label(1, 255)),
})
export type ListSettingQuery = z.infer<typeof ListSettingQuery>

export const SettingPaginatedResponse = named('SettingPaginatedResponse', paginated(Setting))
export type SettingPaginatedResponse = z.infer<typeof SettingPaginatedResponse>

/** The schema of settings that are sent with an entity: at most 10, and no two with the same namespace and id. */
export const entitySettings = () =>
  list(CreateEntitySetting, 0, 10).check(
    distinct(
      (sent) => (isObject(sent) && typeof sent.id === 'string' ? JSON.stringify([sent.namespace, sent.id]) : undefined),
      'they share a namespace and an id',
    ),
  )
