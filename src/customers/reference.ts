const MISSING = 'No customer of the organization has this id.'

const setting = { value: 'INR', namespace: 'USER', name: 'Settings Name', dataType: 'STRING' }

const customer = {
  id: '01BX5ZZKBKACTAV9WEVGEMMVRZ',
  name: 'ACME Enterprise',
  primaryEmail: 'admin@example.com',
  address: {
    phoneNumber: '+919876543210',
    line1: '2281 Broadway Street',
    line2: 'G-31',
    postalCode: '29501',
    city: 'Florence',
    state: 'South Carolina',
    country: 'US',
  },
  settings: [{ id: 'customerSettingId', ...setting }],
}

const account = {
  id: 'ACC00001',
  name: 'Primary Account',
  invoiceCurrency: 'USD',
  settings: [{ id: 'accountSettingId', ...setting }],
}

const togaiCustomerId = 'customer.0VbwQWEU6JP.eL8qz'

export const createCustomer = {
  summary: 'Create a customer and its first account',
  description:
    'Writes the customer, its account, and their aliases and settings together: all of them or none. A customer always has an account; when none is sent, one is made from the customer itself.',
  refuses: { 409: 'The customer id, the account id or an alias is taken. The message names it, and the account that has an alias.' },
  example: {
    request: { ...customer, account: { ...account, aliases: ['acme_primary', 'admin@example.com'] } },
    answer: {
      ...customer,
      togaiCustomerId,
      billingAddress: '2281 Broadway Street, G-31, 29501, Florence, South Carolina, US',
      account: {
        ...account,
        togaiAccountId: 'account.0VbwQWEUzkP.3wSJj',
        customerId: customer.id,
        togaiCustomerId,
        status: 'ACTIVE',
        aliases: [
          { alias: 'acme_primary', status: 'ACTIVE' },
          { alias: 'admin@example.com', status: 'ACTIVE' },
        ],
      },
    },
  },
}

export const getCustomer = {
  summary: 'Read a customer',
  description: 'Reads a customer by your own id of it, percent-encoded in the path.',
  refuses: { 403: 'A portal token reads another customer.', 404: MISSING },
}

export const getCustomers = {
  summary: 'List customers',
  description:
    'Lists the customers that are not archived, or those of a status, last changed first, a page at a time. One filter can be given.',
}

export const updateCustomer = {
  summary: 'Change a customer',
  description: 'Replaces the fields that are sent, the address as a whole. An empty body changes nothing.',
  refuses: { 404: MISSING, 409: 'The customer is archived.' },
}

export const deleteCustomer = {
  summary: 'Archive a customer',
  description:
    'Archives a customer whose accounts are all archived. It can still be read by its id, which stays taken. A second time changes nothing.',
  refuses: { 404: MISSING, 409: 'It has accounts that are not archived. The message names them.' },
}

export const restoreCustomer = {
  summary: 'Restore a customer',
  description:
    'Undoes the archive of a customer, whose accounts are then restored one by one. A customer that is not archived stays as it is.',
  refuses: { 404: MISSING },
}
