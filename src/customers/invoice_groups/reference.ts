import { accountId, address, done, fourth, group, second, secondAccountId } from '../../lib/examples.ts'

const MISSING = 'The invoice group does not exist, or has ended because its last account left.'
const TWICE = 'An account is named twice.'
const UNFIT = 'An account is archived, is in another group, or is invoiced in another currency. The message names it.'

const shown = { ...group, accountsCount: 1, createdAt: second, updatedAt: second }

const path = { invoice_group_id: group.id }

const sent = {
  name: group.name,
  email: group.email,
  dailyInvoiceConsolidation: true,
  accountIds: [accountId],
  netTermDays: group.netTermDays,
  address,
}

export const tags = {
  InvoiceGroups: 'Accounts with the same currency whose invoices can be combined.',
}

export const parameters = {
  invoice_group_id: 'The id of the invoice group, from the answer to its creation.',
}

export const createInvoiceGroup = {
  summary: 'Create an invoice group',
  description:
    'Creates a group of 1 to 100 accounts whose invoices can be combined. All of them have the same currency, and an account can be in one group only. With dailyInvoiceConsolidation, what falls due for them on one day (UTC) is merged at its end into one COMPOSITE invoice of the group.',
  refuses: { 400: TWICE, 404: 'An account does not exist. The message names it.', 409: UNFIT },
  example: {
    after: ['createCustomer'],
    request: sent,
    answer: shown,
    other: { request: { ...sent, accountIds: [secondAccountId] } },
  },
}

export const listInvoiceGroups = {
  summary: 'List invoice groups',
  description: 'Lists the invoice groups in the order in which they were created, page by page.',
  example: { after: ['createCustomer', 'createInvoiceGroup', 'createAccount'], query: { pageSize: 100 }, answer: { data: [shown] } },
}

export const getInvoiceGroup = {
  summary: 'Read an invoice group',
  description: 'Reads an invoice group and the ids of all its accounts.',
  refuses: { 404: MISSING },
  example: { after: ['createCustomer', 'createInvoiceGroup'], path, answer: { ...shown, accounts: [accountId] } },
}

export const addInvoiceGroupAccounts = {
  summary: 'Add accounts to an invoice group',
  description:
    'Adds 1 to 100 accounts, either all of them or none. Accounts that are already in the group stay in it. Invoices that fell due before are not merged.',
  refuses: { 400: TWICE, 404: `${MISSING} Or an account does not exist. The message names it.`, 409: UNFIT },
  example: {
    after: ['createCustomer', 'createInvoiceGroup', 'createAccount'],
    path,
    request: { accountIds: [secondAccountId] },
    answer: { ...shown, accountsCount: 2, updatedAt: fourth },
    other: { request: { accountIds: [accountId] } },
  },
}

export const removeInvoiceGroupAccounts = {
  summary: 'Remove accounts from an invoice group',
  description:
    'Removes 1 to 100 accounts, either all of them or none. When its last account is removed, the group ends. Invoices that fell due before are still merged.',
  refuses: { 400: TWICE, 404: `${MISSING} Or an account is not in it. The message names it.` },
  example: {
    after: ['createCustomer', 'createInvoiceGroup', 'createAccount', 'addInvoiceGroupAccounts'],
    path,
    request: { accountIds: [secondAccountId] },
    answer: done,
    other: { request: { accountIds: [accountId] } },
  },
}
