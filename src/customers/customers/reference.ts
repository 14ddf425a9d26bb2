import { account, address, customerId, done, first, fourth, second, togaiCustomerId } from '../../lib/examples.ts'

const MISSING = 'No customer of the organization has this id.'
const LONG_ADDRESS = 'The address has more than 1000 characters as one line.'

const sent = { id: customerId, name: 'ACME Enterprise', primaryEmail: 'admin@example.com', address }

const billingAddress = '2281 Broadway Street, G-31, 29501, Florence, South Carolina, US'

const settings = [{ id: 'customerSettingId', value: 'INR', namespace: 'USER', name: 'Settings Name', dataType: 'STRING' }]

const customer = { ...sent, togaiCustomerId, billingAddress, status: 'ACTIVE', createdAt: first, updatedAt: first }

const path = { customer_id: customerId }
const other = { path: { customer_id: 'CUS00002' } }

export const tags = {
  Customers: 'Those whom the organization bills, and the people to write to there.',
}

export const parameters = {
  id: 'Your own id of the customer.',
  customer_id: 'Your own id of the customer.',
}

export const createCustomer = {
  summary: 'Create a customer and its first account',
  description:
    'Writes the customer, its account, and their aliases and settings together: all of them or none. A customer always has an account; when none is sent, one is made from the customer itself, under its id.',
  refuses: {
    400: `${LONG_ADDRESS} An alias is given twice for one time, more than 10 would hold at once, two settings share a namespace and an id, or the value of one does not suit its data type.`,
    409: 'The id of the customer or that of the account is taken, by an archived one too, or that of the account is an alias; or an alias belongs to another account or is its id. The message names it, and the account that has an alias.',
  },
  example: {
    request: {
      ...sent,
      settings,
      account: {
        id: account.id,
        name: account.name,
        invoiceCurrency: account.invoiceCurrency,
        aliases: account.aliases.map(({ alias }) => alias),
        settings: account.settings,
      },
    },
    answer: { ...sent, togaiCustomerId, billingAddress, settings, account },
    other: { request: { id: other.path.customer_id, name: 'Globex', primaryEmail: 'admin@globex.example', address: {} } },
  },
}

export const getCustomer = {
  summary: 'Read a customer',
  description: 'Reads a customer by your own id of it, archived or not. A portal token reads its own customer.',
  refuses: { 403: 'It is a portal token of another customer.', 404: MISSING },
  example: { after: ['createCustomer'], path, answer: customer },
}

export const getCustomers = {
  summary: 'List customers',
  description:
    'Lists the customers that are not archived, or those of a status, last changed first unless asked otherwise, a page at a time.',
  refuses: { 400: 'id and status come together, of which a list takes one; or _sort names another field, or one twice.' },
  example: {
    after: ['createCustomer'],
    query: { status: 'ACTIVE', _search: 'acme', _sort: 'updated_at:DESC', pageSize: 20 },
    instead: { id: customerId },
    answer: { data: [customer], context: { pageSize: 20, sortOrder: 'DESC' } },
  },
}

export const updateCustomer = {
  summary: 'Change a customer',
  description: 'Replaces the fields that are sent, the address as a whole. An empty body changes nothing.',
  refuses: { 400: LONG_ADDRESS, 404: MISSING, 409: 'The customer is archived.' },
  example: {
    after: ['createCustomer'],
    path,
    request: { name: 'ACME Holding', primaryEmail: 'finance@example.com' },
    answer: { ...customer, name: 'ACME Holding', primaryEmail: 'finance@example.com', updatedAt: second },
    other: { request: { name: 'ACME Group' } },
  },
}

export const deleteCustomer = {
  summary: 'Archive a customer',
  description:
    'Archives a customer whose accounts are all archived. It can still be read by its id, which stays taken. A second time changes nothing.',
  refuses: { 404: MISSING, 409: 'It has accounts that are not archived. The message names the first ten.' },
  example: { after: ['createCustomer', 'deleteAccount'], path, answer: done, other },
}

export const restoreCustomer = {
  summary: 'Restore a customer',
  description:
    'Undoes the archive of a customer, whose accounts are then restored one by one. A customer that is not archived stays as it is.',
  refuses: { 404: MISSING },
  example: { after: ['createCustomer', 'deleteAccount', 'deleteCustomer'], path, answer: { ...customer, updatedAt: fourth }, other },
}
