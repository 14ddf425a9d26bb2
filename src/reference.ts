import * as accounts from './customers/accounts/reference.ts'
import * as aliases from './customers/aliases/reference.ts'
import * as audit from './access/audit/reference.ts'
import * as contacts from './customers/contacts/reference.ts'
import * as customers from './customers/customers/reference.ts'
import type { Reference } from './http/openapi.ts'
import * as invoiceGroups from './customers/invoice_groups/reference.ts'
import * as portal from './customers/portal/reference.ts'
import * as settings from './customers/settings/reference.ts'
import * as tokens from './access/tokens/reference.ts'

/** What the document says of every operation, by its operationId. It is no part of the Worker. */
export const reference: Readonly<Record<string, Reference>> = {
  ...tokens,
  ...customers,
  ...contacts,
  ...accounts,
  ...aliases,
  ...settings,
  ...portal,
  ...invoiceGroups,
  ...audit,
}

export const tags: Readonly<Record<string, string>> = {
  Authentication: 'A token for a JWT.',
  Customers: 'Those whom the organization bills, and the people to write to there.',
  Accounts: 'What a customer is invoiced by: each has its currency, its settings, and aliases by which events name it.',
  Aliases: 'The pool of names that accounts are known by in events.',
  Settings: 'Named values, kept on the organization, a customer, an account or an invoice group.',
  InvoiceGroups: 'Accounts of one currency whose invoices can become one.',
  'Customer Portal': 'Tokens with which a customer reads what is its own.',
  Extensions: "What Togai's API did not have: restoring, tokens and their roles, and the log of every change.",
}

export const parameters: Readonly<Record<string, string>> = {
  id: 'Your own id of the customer.',
  customer_id: 'Your own id of the customer.',
  account_id: 'Your own id of the account.',
  invoice_currency: 'The ISO 4217 code of the currency of its invoices.',
  alias: 'The value of the alias.',
  entity_type: 'What the settings are kept on.',
  entity_id: 'The id of what the settings are kept on.',
  setting_id: 'The id of the setting, which is unique in its namespace on one entity.',
  namespace: 'The namespace of the setting.',
  invoice_group_id: 'The id of the invoice group, as it was answered when it was made.',
  token_id: 'The id of the token, as it was answered when it was made.',
  resource_type: 'What was changed.',
}
