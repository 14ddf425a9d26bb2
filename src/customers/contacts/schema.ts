import * as z from 'zod/mini'
import { described, displayName, email, label, matching, named, secret } from '../../lib/fields.ts'
import { dateTime } from '../../lib/time.ts'

export const CreateCustomerContactRequest = named(
  'CreateCustomerContactRequest',
  z.strictObject({
    preferredUsername: z.optional(matching(/^[A-Za-z0-9]{3,50}$/, 'must be 3 to 50 letters and digits', 50)),
    name: displayName(1, 50),
    password: z.optional(described('Stored as a salted PBKDF2 hash, and never shown.', secret(8, 100))),
    email: described('Unique among the contacts of the customer. Upper and lower case are the same.', email()),
    phone: z.optional(label(1, 30)),
    verified: z.optional(z.boolean()),
    loginAccess: z._default(z.boolean(), false),
  }),
)
export type CreateCustomerContactRequest = z.infer<typeof CreateCustomerContactRequest>

export const CreateCustomerContactResponse = named(
  'CreateCustomerContactResponse',
  z.strictObject({
    username: described('Our own id of the contact.', z.string()),
    preferredUsername: z.optional(z.string()),
    name: z.string(),
    email: z.optional(z.string()),
    phone: z.optional(z.string()),
    loginAccess: z.boolean(),
    createdBy: z.optional(described('The id of the token that created the contact.', z.string())),
    createdAt: dateTime(),
    verified: z.boolean(),
  }),
)
export type CreateCustomerContactResponse = z.infer<typeof CreateCustomerContactResponse>
