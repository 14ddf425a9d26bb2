import * as accounts from './accounts/reference.ts'
import * as aliases from './aliases/reference.ts'
import * as audit from './audit/reference.ts'
import * as contacts from './contacts/reference.ts'
import * as customers from './customers/reference.ts'
import type { Reference } from './http/openapi.ts'
import * as invoiceGroups from './invoice_groups/reference.ts'
import * as settings from './settings/reference.ts'
import * as tokens from './tokens/reference.ts'

/** What the document says of every operation, by its operationId. It is no part of the Worker. */
export const reference: Readonly<Record<string, Reference>> = {
  ...tokens,
  ...customers,
  ...contacts,
  ...accounts,
  ...aliases,
  ...settings,
  ...invoiceGroups,
  ...audit,
}
