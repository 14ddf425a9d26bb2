import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { ERASURE_STATUSES } from './table.ts'

export const Erasure = named(
  'Erasure',
  z.strictObject({
    customerId: z.string(),
    number: described('How often the erasure of the customer was begun.', z.int()),
    status: described('COMPLETED when nothing is left to be erased.', z.enum(ERASURE_STATUSES)),
    found: described(
      'How much there was to be erased when it was begun, by what it is. Of each kind 100,000 rows are looked at, and the events of 100 accounts.',
      z.record(z.string(), z.int()),
    ),
    erased: described('How much has been erased so far, by what it is.', z.record(z.string(), z.int())),
    erasedBy: described('The id of the token that asked for it.', z.string()),
    startedAt: dateTime(),
    updatedAt: dateTime(),
    completedAt: z.optional(dateTime()),
  }),
)
export type Erasure = z.infer<typeof Erasure>

export const ErasurePath = z.strictObject({ customer_id: identifier() })

export const ListErasuresQuery = pageQuery({ customer_id: z.optional(identifier()) })
export type ListErasuresQuery = z.infer<typeof ListErasuresQuery>

export const ErasurePaginatedResponse = named('ErasurePaginatedResponse', paginated(Erasure))
export type ErasurePaginatedResponse = z.infer<typeof ErasurePaginatedResponse>
