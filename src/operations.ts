import * as accounts from './customers/accounts/operations.ts'
import * as aliases from './customers/aliases/operations.ts'
import * as audit from './access/audit/operations.ts'
import * as contacts from './customers/contacts/operations.ts'
import * as customers from './customers/customers/operations.ts'
import type { Operation } from './http/operation.ts'
import * as invoiceGroups from './customers/invoice_groups/operations.ts'
import * as portal from './customers/portal/operations.ts'
import * as settings from './customers/settings/operations.ts'
import * as tokens from './access/tokens/operations.ts'

/** Every operation, in the order of the reference. */
export const operations: readonly Operation[] = [
  tokens.authenticate,
  customers.createCustomer,
  customers.getCustomers,
  customers.getCustomer,
  customers.updateCustomer,
  customers.deleteCustomer,
  contacts.createCustomerContact,
  accounts.createAccount,
  accounts.getAccounts,
  accounts.getAccount,
  accounts.updateAccount,
  accounts.deleteAccount,
  accounts.addAliases,
  accounts.listAccountAliases,
  accounts.removeAliases,
  aliases.listAliases,
  aliases.createAlias,
  aliases.getAlias,
  aliases.deleteAlias,
  settings.insertSetting,
  settings.listSetting,
  settings.getSetting,
  settings.updateSetting,
  invoiceGroups.createInvoiceGroup,
  invoiceGroups.listInvoiceGroups,
  invoiceGroups.getInvoiceGroup,
  invoiceGroups.addInvoiceGroupAccounts,
  invoiceGroups.removeInvoiceGroupAccounts,
  portal.getCustomerPortalDelegateToken,
  customers.restoreCustomer,
  accounts.restoreAccount,
  tokens.createToken,
  tokens.listTokens,
  tokens.getToken,
  tokens.rotateToken,
  tokens.revokeToken,
  audit.listAuditLog,
]
