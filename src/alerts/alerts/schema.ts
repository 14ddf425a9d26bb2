import * as z from 'zod/mini'
import { described, identifier, isObject, named, text, whole } from '../../lib/fields.ts'
import { pageQuery, paginatedPlainly } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { ALERT_STATUSES } from './table.ts'

/** The most characters of a description. */
const LONGEST_DESCRIPTION = 500

const LARGEST = 2 ** 31 - 1

export const AlertStatus = named('AlertStatus', z.enum(ALERT_STATUSES))

/** A map of objects by names. The name `__proto__` is refused, since an object would silently lose it. */
const objectMap = (description: string) =>
  z.pipe(
    z.transform((value: unknown, { issues }) => {
      const places: [PropertyKey[], unknown][] = [
        [[], value],
        ...(isObject(value) ? Object.entries(value).map(([name, one]) => [[name], one] as [PropertyKey[], unknown]) : []),
      ]
      for (const [path, place] of places)
        if (isObject(place) && Object.hasOwn(place, '__proto__'))
          issues.push({ code: 'custom', input: value, path: [...path, '__proto__'], message: 'must have another name' })
      return value
    }),
    described(description, z.record(z.string(), z.record(z.string(), z.unknown()))),
  )

const interval = () =>
  z
    .number()
    .check(({ value, issues }) => {
      if (!Number.isInteger(value) || value < 30 || value > LARGEST || value % 30 !== 0)
        issues.push({ code: 'custom', input: value, message: 'must be a multiple of 30, which are minutes' })
    })
    .register(z.globalRegistry, {
      type: 'integer',
      format: 'int32',
      minimum: 30,
      multipleOf: 30,
      description: 'How many minutes there are between two checks.',
    })

const validity = () =>
  described(
    'For how many minutes since it was made the alert is checked: for ever without it. Then it is INACTIVE.',
    z.nullable(whole(1, LARGEST, 'int32')),
  )

const description = () => text(LONGEST_DESCRIPTION)

const parameters = () => objectMap('What the parametersSchema of the template asks for, such as a threshold.')

export const CreateAlertRequest = named(
  'CreateAlertRequest',
  z.strictObject({
    alertTemplateId: described('The id of the template, which says what is watched.', identifier()),
    interval: interval(),
    validity: z.optional(validity()),
    description: z.optional(description()),
    entityDetails: z.optional(objectMap('What the entitySchema of the template asks for: the usage meter or the feature.')),
    ownerDetails: z.optional(objectMap('What the ownerSchema of the template asks for: the account. For all accounts it can be left out.')),
    parameters: z.optional(parameters()),
    status: described('Whether the alert is checked.', AlertStatus),
  }),
)
export type CreateAlertRequest = z.infer<typeof CreateAlertRequest>

export const UpdateAlertRequest = named(
  'UpdateAlertRequest',
  z.strictObject({
    description: z.optional(described('An empty text removes it.', description())),
    status: z.optional(described('ACTIVE begins again: the first check is an interval later.', AlertStatus)),
    interval: z.optional(interval()),
    validity: z.optional(validity()),
    parameters: z.optional(parameters()),
  }),
  'What is sent replaces what was there.',
)
export type UpdateAlertRequest = z.infer<typeof UpdateAlertRequest>

const shownMap = () => z.record(z.string(), z.record(z.string(), z.unknown()))

export const Alert = named(
  'Alert',
  z.strictObject({
    id: z.string(),
    version: described('How often it was changed, and 1.', z.int()),
    description: z.optional(z.string()),
    status: AlertStatus,
    validity: z.optional(z.int()),
    alertTemplateId: z.string(),
    interval: z.int(),
    entityDetails: z.optional(shownMap()),
    ownerDetails: z.optional(shownMap()),
    parameters: z.optional(shownMap()),
    createdAt: dateTime(),
    updatedAt: z.optional(dateTime()),
  }),
)
export type Alert = z.infer<typeof Alert>

export const AlertPath = z.strictObject({ alert_id: identifier() })

export const ListAlertsQuery = pageQuery({
  status: z.optional(described('Lists the alerts that are checked, or those that are not. All when left out.', z.enum(ALERT_STATUSES))),
})
export type ListAlertsQuery = z.infer<typeof ListAlertsQuery>

export const AlertsPaginatedResponse = named('AlertsPaginatedResponse', paginatedPlainly(Alert))
export type AlertsPaginatedResponse = z.infer<typeof AlertsPaginatedResponse>
