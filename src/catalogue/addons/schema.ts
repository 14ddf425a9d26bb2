import * as z from 'zod/mini'
import { described, displayName, identifier, named } from '../../lib/fields.ts'
import { pageQuery, paginated, searchAndSort } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { AddOnType } from '../rate_cards/schema.ts'
import { STATUSES, sortable } from './table.ts'

const name = () => displayName(1, 255)

const billableName = () =>
  z.optional(
    described(
      'What invoices call it, rather than by its name. No other active add-on may have it. Empty text takes it away.',
      displayName(0, 255),
    ),
  )

export const CreateAddOnRequest = named(
  'CreateAddOnRequest',
  z.strictObject({ name: name(), type: AddOnType, billableName: billableName() }),
)
export type CreateAddOnRequest = z.infer<typeof CreateAddOnRequest>

export const UpdateAddOnRequest = named(
  'UpdateAddOnRequest',
  z.strictObject({ name: z.optional(name()), billableName: billableName() }),
  'What is sent replaces what was there.',
)
export type UpdateAddOnRequest = z.infer<typeof UpdateAddOnRequest>

export const AddOn = named(
  'AddOn',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    type: AddOnType,
    billableName: z.optional(z.string()),
    displayName: described('What invoices call it: its billable name if it has one, or else its name.', z.string()),
    status: z.enum(STATUSES),
    createdAt: dateTime(),
  }),
)
export type AddOn = z.infer<typeof AddOn>

export const AddOnPath = z.strictObject({ addon_id: identifier() })

export const ListAddOnsQuery = pageQuery({
  status: z.optional(described('ACTIVE when left out.', z.enum(STATUSES))),
  type: z.optional(described('Shows the add-ons of one type.', z.enum(AddOnType.def.entries))),
  ...searchAndSort('the id, the name and the billable name', Object.keys(sortable)),
})
export type ListAddOnsQuery = z.infer<typeof ListAddOnsQuery>

export const AddOnPaginatedResponse = named('AddOnPaginatedResponse', paginated(AddOn))
export type AddOnPaginatedResponse = z.infer<typeof AddOnPaginatedResponse>
