import { account, address, customerId, done, first, fourth, second, togaiCustomerId } from '../../lib/examples.ts'

const MISSING = 'No customer of the organization has this id.'
const LONG_ADDRESS = 'The address is longer than 1000 characters when written in one line.'

const sent = { id: customerId, name: 'ACME Enterprise', primaryEmail: 'admin@example.com', address }

const billingAddress = '2281 Broadway Street, G-31, 29501, Florence, South Carolina, US'

const settings = [{ id: 'customerSettingId', value: 'INR', namespace: 'USER', name: 'Settings Name', dataType: 'STRING' }]

const customer = { ...sent, togaiCustomerId, billingAddress, status: 'ACTIVE', createdAt: first, updatedAt: first }

const path = { customer_id: customerId }
const other = { path: { customer_id: 'CUS00002' } }

export const tags = {
  Customers: 'The customers that the organization bills, and their contacts.',
}

export const parameters = {
  id: 'Your own id of the customer.',
  customer_id: 'Your own id of the customer.',
}

export const createCustomer = {
  summary: 'Create a customer and its first account',
  description:
    'Creates the customer, its first account, and their aliases and settings, either all of them or none. If no account is sent, one is created with the id and the name of the customer.',
  refuses: {
    400: `${LONG_ADDRESS} The same alias is given twice for the same time, more than 10 aliases would be in effect at once, two settings have the same namespace and id, or the value of a setting does not match its data type.`,
    409: 'The id of the customer or of the account is taken (perhaps by an archived one), or the id of the account is an alias of another account; or an alias belongs to another account or is the id of one. The message names the id or the alias, and the account that has the alias.',
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
  description: 'Reads a customer by your own id. The customer may be archived. A portal token can read its own customer.',
  refuses: { 403: 'The token is a portal token of another customer.', 404: MISSING },
  example: { after: ['createCustomer'], path, answer: customer },
}

export const getCustomers = {
  summary: 'List customers',
  description:
    'Lists customers, page by page. Without status, it lists those that are not archived. Without _sort, the customer that was changed last comes first.',
  refuses: { 400: 'id and status are both given; or _sort contains an unknown field, or the same field twice.' },
  example: {
    after: ['createCustomer'],
    query: { status: 'ACTIVE', _search: 'acme', _sort: 'updated_at:DESC', pageSize: 20 },
    instead: { id: customerId },
    answer: { data: [customer], context: { pageSize: 20, sortOrder: 'DESC' } },
  },
}

export const updateCustomer = {
  summary: 'Change a customer',
  description: 'Replaces the fields that are sent. An address is replaced as a whole. An empty body changes nothing.',
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
    'Archives a customer. All its accounts must be archived. It can still be read by its id, and the id stays taken. Archiving it again changes nothing.',
  refuses: { 404: MISSING, 409: 'The customer has accounts that are not archived. The message names up to ten of them.' },
  example: { after: ['createCustomer', 'deleteAccount'], path, answer: done, other },
}

export const restoreCustomer = {
  summary: 'Restore a customer',
  description:
    'Restores an archived customer. Its accounts stay archived; restore each of them separately. A customer that is not archived stays as it is.',
  refuses: { 404: MISSING, 409: 'The customer was erased.' },
  example: { after: ['createCustomer', 'deleteAccount', 'deleteCustomer'], path, answer: { ...customer, updatedAt: fourth }, other },
}
