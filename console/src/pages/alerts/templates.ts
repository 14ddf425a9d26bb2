import { type Schemas, api, read } from '../../parts/client.ts'
import { type Reading, useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'

export type Template = Schemas['AlertTemplate']

export const useTemplates = (): Reading<Template[]> =>
  useRead('alert templates', () =>
    readAll((nextToken) => read(api.GET('/alert_templates', { params: { query: { nextToken, pageSize: 100 } } }))),
  )

export interface TemplateField {
  /** In which map of an alert it is. */
  part: 'entityDetails' | 'ownerDetails' | 'parameters'
  group: string
  name: string
  hint: string
  isNumber: boolean
  isRequired: boolean
}

interface ObjectSchema {
  properties?: Readonly<
    Record<string, { type?: string; description?: string; properties?: ObjectSchema['properties']; required?: string[] }>
  >
  required?: string[]
}

const fieldsIn = (part: TemplateField['part'], schema: string | undefined): TemplateField[] => {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = JSON.parse(schema) as ObjectSchema
  return Object.entries(properties)
    .filter(([group]) => group !== 'organization')
    .flatMap(([group, inner]) =>
      Object.entries(inner.properties ?? {}).map(([name, { type, description = '' }]) => ({
        part,
        group,
        name,
        hint: description,
        isNumber: type === 'number' || type === 'integer',
        isRequired: required.includes(group) && (inner.required ?? []).includes(name),
      })),
    )
}

/** The fields that an alert of a template has, by the JSON Schemas of the template. */
export const fieldsOf = ({ entitySchema, ownerSchema, parametersSchema }: Template): TemplateField[] => [
  ...fieldsIn('entityDetails', entitySchema),
  ...fieldsIn('ownerDetails', ownerSchema),
  ...fieldsIn('parameters', parametersSchema),
]

type Maps = Pick<Schemas['Alert'], 'entityDetails' | 'ownerDetails' | 'parameters'>

/** The values of an alert, as they are typed. */
export const valuesOf = (alert: Maps): Record<string, string> =>
  Object.fromEntries(
    (['entityDetails', 'ownerDetails', 'parameters'] as const).flatMap((part) =>
      Object.entries(alert[part] ?? {}).flatMap(([group, inner]) =>
        Object.entries(inner as Record<string, unknown>).map(([name, value]) => [`${part}.${group}.${name}`, String(value)]),
      ),
    ),
  )
