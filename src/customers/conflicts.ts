/*
 * Customers owns customers, their accounts, aliases, contacts and settings, and invoice groups.
 * Metering asks it whose an event is, billing whom to invoice.
 * Never wrong: which account an alias belongs to at an instant.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** The messages of the conflicts that the triggers of the customer domain raise. */
export const customerConflicts: ConflictWords = {
  CUSTOMER_ID_TAKEN: { field: 'id', say: (id) => `the customer "${id}" exists already` },
  CUSTOMER_NOT_FOUND: { code: 'NOT_FOUND', field: 'customerId', say: (id) => `the customer "${id}" does not exist` },
  CUSTOMER_ARCHIVED: { field: 'customerId', say: (id) => `the customer "${id}" is archived` },
  CUSTOMER_HAS_ACCOUNTS: {
    say: (id, accounts, count) =>
      `The customer "${id}" has accounts that are not archived: "${accounts}"${Number(count) < 11 ? '' : ' and more'}`,
  },
  CONTACT_EMAIL_TAKEN: {
    field: 'email',
    say: (email, customer) => `the customer "${customer}" has a contact with the e-mail "${email}" already`,
  },
  ACCOUNT_ID_TAKEN: { field: 'id', say: (id) => `the account "${id}" exists already` },
  ACCOUNT_ID_IS_ALIAS: { field: 'id', say: (id, owner) => `"${id}" is an alias of the account "${owner}"` },
  ACCOUNT_NOT_FOUND: { code: 'NOT_FOUND', field: 'accountIds', say: (id) => `the account "${id}" does not exist` },
  ACCOUNT_ARCHIVED: { field: 'accountIds', say: (id) => `the account "${id}" is archived` },
  ACCOUNT_IN_GROUP: { field: 'accountIds', say: (id, group) => `the account "${id}" is in the invoice group "${group}" already` },
  ACCOUNT_CURRENCY: {
    field: 'accountIds',
    say: (id, currency, other) => `the account "${id}" is invoiced in ${currency}, the invoice group in ${other}`,
  },
  GROUP_CURRENCY: {
    field: 'invoiceCurrency',
    say: (id, group, currency) => `the account "${id}" is in the invoice group "${group}", which is invoiced in ${currency}`,
  },
  ALIAS_IS_ACCOUNT_ID: { field: 'aliases', say: (alias) => `"${alias}" is the id of the account "${alias}"` },
  ALIAS_TAKEN: { field: 'aliases', say: (alias, owner) => `"${alias}" is an alias of the account "${owner}" already` },
  ALIASES_EXIST: {
    field: 'aliases',
    say: (...aliases) => `${aliases.map((alias) => `"${alias}"`).join(', ')} exist already`,
  },
  ALIAS_HELD: { say: (alias, owner) => `The alias "${alias}" is held by the account "${owner}"` },
  TOO_MANY_ALIASES: {
    field: 'aliases',
    say: (alias, owner) => `with "${alias}" more than 10 aliases of the account "${owner}" would hold at once`,
  },
  ENTITY_NOT_FOUND: { code: 'NOT_FOUND', field: 'entityId', say: (id, type) => `there is no ${type} "${id}"` },
  ENTITY_ARCHIVED: { field: 'entityId', say: (id, type) => `the ${type} "${id}" is archived` },
  SETTING_TAKEN: {
    field: 'id',
    say: (id, namespace, type, entity) => `the setting "${id}" of the namespace "${namespace}" exists already on ${type} "${entity}"`,
  },
}
