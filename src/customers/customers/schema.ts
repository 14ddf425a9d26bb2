import * as z from 'zod/mini'
import { Account, CreateAccountRequestWithoutCustomerId } from '../accounts/schema.ts'
import { Address, billingAddress } from '../../lib/address.ts'
import { described, displayName, email, identifier, length, named } from '../../lib/fields.ts'
import { pageQuery, paginated, searchAndSort } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { CreateEntitySetting, entitySettings } from '../settings/schema.ts'
import { sortable } from './table.ts'

const LONGEST_LINE = 1000

/** Checks that `billingAddress`, which is made of the address, has at most 1000 characters, the limit of Togai's clients. */
const customerAddress = () =>
  Address.check(
    z.superRefine((address, context) => {
      if (length(billingAddress(address)) > LONGEST_LINE)
        context.addIssue({ code: 'custom', message: `must be ${LONGEST_LINE} characters at most, as one line` })
    }),
  )

const togaiCustomerId = () => described('Our own id of the customer.', z.string())
const billingAddressLine = () => described('The address in one line, without the phone number.', z.string())

export const CreateCustomerRequest = named(
  'CreateCustomerRequest',
  z.strictObject({
    id: described('Your own id of the customer. It cannot be changed, and stays taken after the customer is archived.', identifier()),
    name: displayName(3, 255),
    primaryEmail: email(),
    address: customerAddress(),
    settings: z.optional(entitySettings()),
    account: z.optional(CreateAccountRequestWithoutCustomerId),
  }),
)
export type CreateCustomerRequest = z.infer<typeof CreateCustomerRequest>

export const CreateCustomerResponse = named(
  'CreateCustomerResponse',
  z.strictObject({
    id: z.string(),
    togaiCustomerId: togaiCustomerId(),
    name: z.string(),
    primaryEmail: z.string(),
    billingAddress: z.optional(billingAddressLine()),
    address: z.optional(Address),
    settings: z.optional(z.array(CreateEntitySetting).check(z.maxLength(10))),
    account: z.optional(Account),
  }),
)
export type CreateCustomerResponse = z.infer<typeof CreateCustomerResponse>

export const Customer = named(
  'Customer',
  z.strictObject({
    id: z.string(),
    togaiCustomerId: togaiCustomerId(),
    name: z.string(),
    primaryEmail: z.string(),
    billingAddress: billingAddressLine(),
    address: Address,
    status: z.enum(['ACTIVE', 'ARCHIVED']),
    createdAt: dateTime(),
    updatedAt: dateTime(),
  }),
)
export type Customer = z.infer<typeof Customer>

export const CustomerPath = z.strictObject({ customer_id: identifier() })

export const UpdateCustomerRequest = named(
  'UpdateCustomerRequest',
  z.strictObject({ name: z.optional(displayName(3, 255)), primaryEmail: z.optional(email()), address: z.optional(customerAddress()) }),
  'The fields that are sent replace the previous ones. An address is replaced as a whole.',
)
export type UpdateCustomerRequest = z.infer<typeof UpdateCustomerRequest>

export const GetCustomersQuery = pageQuery({
  id: z.optional(identifier()),
  status: z.optional(described('By default ACTIVE.', z.enum(['ACTIVE', 'ARCHIVED']))),
  ...searchAndSort('the id, the name and the primary e-mail', Object.keys(sortable)),
})
export type GetCustomersQuery = z.infer<typeof GetCustomersQuery>

export const CustomerPaginatedResponse = named('CustomerPaginatedResponse', paginated(Customer))
export type CustomerPaginatedResponse = z.infer<typeof CustomerPaginatedResponse>
