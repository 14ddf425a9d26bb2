import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { pageQuery, paginatedPlainly } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'

export const AlertTemplate = named(
  'AlertTemplate',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    description: z.optional(z.string()),
    interval: described('The shortest interval of its alerts, in minutes. Other intervals are multiples of it.', z.int()),
    entitySchema: z.optional(described('The JSON Schema of entityDetails, as text.', z.string())),
    entityType: z.optional(described('What its alerts look at.', z.string())),
    ownerSchema: z.optional(described('The JSON Schema of ownerDetails, as text.', z.string())),
    ownerType: z.optional(described('Whether its alerts look at one account, or at the whole organization.', z.string())),
    parametersSchema: z.optional(described('The JSON Schema of parameters, as text.', z.string())),
    createdAt: dateTime(),
    updatedAt: z.optional(dateTime()),
  }),
)
export type AlertTemplate = z.infer<typeof AlertTemplate>

export const AlertTemplatePath = z.strictObject({ alert_template_id: identifier() })

export const ListAlertTemplatesQuery = pageQuery({})
export type ListAlertTemplatesQuery = z.infer<typeof ListAlertTemplatesQuery>

export const AlertTemplatesPaginatedResponse = named('AlertTemplatesPaginatedResponse', paginatedPlainly(AlertTemplate))
export type AlertTemplatesPaginatedResponse = z.infer<typeof AlertTemplatesPaginatedResponse>
