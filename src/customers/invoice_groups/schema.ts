import * as z from 'zod/mini'
import { Address } from '../../lib/address.ts'
import { described, displayName, distinct, email, identifier, int32, label, list, named } from '../../lib/fields.ts'
import { pageQuery, paginatedPlainly } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'

const accountIds = () => list(identifier(), 1, 100).check(distinct((id) => id, 'an account is named once'))

export const CreateInvoiceGroupRequest = named(
  'CreateInvoiceGroupRequest',
  z.strictObject({
    name: displayName(1, 255),
    email: email(),
    dailyInvoiceConsolidation: described(
      'Whether the invoices of the accounts that are due on the same day are combined into one.',
      z.boolean(),
    ),
    accountIds: described(
      'Accounts that have the same currency and are in no other group. The group gets the currency of the first account.',
      accountIds(),
    ),
    netTermDays: z.optional(int32(0)),
    address: Address,
  }),
)
export type CreateInvoiceGroupRequest = z.infer<typeof CreateInvoiceGroupRequest>

export const UpdateInvoiceGroupAccounts = named('UpdateInvoiceGroupAccounts', z.strictObject({ accountIds: accountIds() }))
export type UpdateInvoiceGroupAccounts = z.infer<typeof UpdateInvoiceGroupAccounts>

const details = {
  id: z.string(),
  name: z.string(),
  email: z.string(),
  dailyInvoiceConsolidation: z.boolean(),
  netTermDays: z.optional(z.int32()),
  invoiceCurrency: z.string(),
  billingAddress: Address,
}

/** The group as it is shown with an account. */
export const InvoiceGroupDetails = named('InvoiceGroupDetails', z.strictObject(details))

const group = {
  ...details,
  accountsCount: z.int32(),
  createdAt: dateTime(),
  updatedAt: dateTime(),
}

export const InvoiceGroups = named('InvoiceGroups', z.strictObject(group))
export type InvoiceGroups = z.infer<typeof InvoiceGroups>

export const InvoiceGroupAccountsPaginatedResponse = named(
  'InvoiceGroupAccountsPaginatedResponse',
  z.strictObject({
    ...group,
    accounts: described('The ids of all accounts of the group.', z.array(z.string())),
    nextToken: z.optional(described('Never present: all accounts are shown at once.', z.string())),
  }),
)
export type InvoiceGroupAccountsPaginatedResponse = z.infer<typeof InvoiceGroupAccountsPaginatedResponse>

export const InvoiceGroupPaginatedResponse = named('InvoiceGroupPaginatedResponse', paginatedPlainly(InvoiceGroups))
export type InvoiceGroupPaginatedResponse = z.infer<typeof InvoiceGroupPaginatedResponse>

export const ListInvoiceGroupsQuery = pageQuery({}, 100)
export type ListInvoiceGroupsQuery = z.infer<typeof ListInvoiceGroupsQuery>

export const InvoiceGroupPath = z.strictObject({ invoice_group_id: label(1, 512) })
