const MISSING = 'The invoice group does not exist, or is gone with its last account.'
const UNFIT = 'An account is archived, in another group, or invoiced in another currency. The message names it.'

export const createInvoiceGroup = {
  summary: 'Create an invoice group',
  description: 'Groups 1 to 100 accounts whose invoices can become one. They share a currency, and an account is in one group at most.',
  refuses: { 404: 'An account does not exist. The message names it.', 409: UNFIT },
}

export const listInvoiceGroups = {
  summary: 'List invoice groups',
  description: 'Lists the invoice groups in the order in which they were made, a page at a time.',
}

export const getInvoiceGroup = {
  summary: 'Read an invoice group',
  description: 'Reads an invoice group with the ids of all its accounts.',
  refuses: { 404: MISSING },
}

export const addInvoiceGroupAccounts = {
  summary: 'Add accounts to an invoice group',
  description: 'Adds 1 to 100 accounts, all of them or none. Those that are in the group already stay.',
  refuses: { 404: `${MISSING} Or an account does not exist.`, 409: UNFIT },
}

export const removeInvoiceGroupAccounts = {
  summary: 'Remove accounts from an invoice group',
  description: 'Removes 1 to 100 accounts, all of them or none. With its last account the group is gone.',
  refuses: { 404: `${MISSING} Or an account is not in it.` },
}
