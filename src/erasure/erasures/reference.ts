import { customerId, done, fourth, seventh, tokenId } from '../../lib/examples.ts'

const erasure = {
  customerId,
  number: 1,
  status: 'IN_PROGRESS',
  found: {
    accounts: 1,
    aliases: 2,
    alerts: 0,
    answers: 0,
    auditEntries: 5,
    charges: 0,
    contacts: 0,
    credits: 0,
    deletedDrafts: 0,
    events: 0,
    files: 0,
    invoiceGroups: 0,
    jobs: 0,
    licenseNames: 0,
    licenseUpdates: 0,
    payments: 0,
    reportTemplates: 0,
    reports: 0,
    settings: 2,
    webhooks: 0,
  },
  erased: { customers: 1, contacts: 0 },
  erasedBy: tokenId,
  startedAt: fourth,
  updatedAt: fourth,
}

const path = { customer_id: customerId }

export const parameters = {
  customer_id: 'Your own id of the customer.',
}

export const eraseCustomer = {
  summary: 'Erase the personal data of a customer',
  description:
    'Erases what is known about the people behind an archived customer: at once its name, its address, its e-mail address and its contacts; then, part by part, what its accounts, settings, reports, jobs, kept answers, webhooks and events say about them, its aliases, and its values in the audit log, whose chain stays whole. The files of reports that were asked for until then are deleted, but for those of accounts of other customers. Ids, quantities, amounts and invoices that were issued stay. GET /erasures shows how far it has come. The ETag is that of the customer. Asked again while it goes on, it changes nothing; asked again afterwards, it erases what has come since. It cannot be undone, and the customer cannot be restored.',
  refuses: {
    404: 'No customer of the organization has this id.',
    409: 'The customer is not archived, an account of it will still be invoiced, an invoice of it, or of an invoice group that is erased with it, is not settled, or something that it has bought is not. The message names it.',
  },
  example: {
    after: ['createCustomer', 'deleteAccount', 'deleteCustomer'],
    path,
    answer: erasure,
    other: { path: { customer_id: 'CUS00002' } },
  },
}

export const listErasures = {
  summary: 'List erased customers',
  description: 'Lists the customers that were erased or are being erased, the one that was begun last first, page by page.',
  example: {
    after: [
      'createCustomer',
      'deleteAccount',
      'deleteCustomer',
      'createCustomer.other',
      { operation: 'deleteAccount', path: { account_id: 'CUS00002' }, answer: done },
      'deleteCustomer.other',
      'eraseCustomer',
    ],
    query: { customer_id: customerId, pageSize: 20 },
    answer: { data: [{ ...erasure, startedAt: seventh, updatedAt: seventh }], context: { pageSize: 20, sortOrder: 'DESC' } },
  },
}
