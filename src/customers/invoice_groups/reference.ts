import { accountId, address, done, fourth, group, second, secondAccountId } from '../../lib/examples.ts'

const MISSING = 'The invoice group does not exist, or is gone with its last account.'
const TWICE = 'An account is named twice.'
const UNFIT = 'An account is archived, in another group, or invoiced in another currency. The message names it.'

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
  InvoiceGroups: 'Accounts of one currency whose invoices can become one.',
}

export const parameters = {
  invoice_group_id: 'The id of the invoice group, as it was answered when it was made.',
}

export const createInvoiceGroup = {
  summary: 'Create an invoice group',
  description: 'Groups 1 to 100 accounts whose invoices can become one. They share a currency, and an account is in one group at most.',
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
  description: 'Lists the invoice groups in the order in which they were made, a page at a time.',
  example: { after: ['createCustomer', 'createInvoiceGroup', 'createAccount'], query: { pageSize: 100 }, answer: { data: [shown] } },
}

export const getInvoiceGroup = {
  summary: 'Read an invoice group',
  description: 'Reads an invoice group with the ids of all its accounts.',
  refuses: { 404: MISSING },
  example: { after: ['createCustomer', 'createInvoiceGroup'], path, answer: { ...shown, accounts: [accountId] } },
}

export const addInvoiceGroupAccounts = {
  summary: 'Add accounts to an invoice group',
  description: 'Adds 1 to 100 accounts, all of them or none. Those that are in the group already stay.',
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
  description: 'Removes 1 to 100 accounts, all of them or none. With its last account the group is gone.',
  refuses: { 400: TWICE, 404: `${MISSING} Or an account is not in it. The message names it.` },
  example: {
    after: ['createCustomer', 'createInvoiceGroup', 'createAccount', 'addInvoiceGroupAccounts'],
    path,
    request: { accountIds: [secondAccountId] },
    answer: done,
    other: { request: { accountIds: [accountId] } },
  },
}
