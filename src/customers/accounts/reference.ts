import { account, accountId, customerId, done, first, group, second, secondAccountId, togaiCustomerId } from '../../lib/examples.ts'

const MISSING = 'No account of the organization has this id.'
const ARCHIVED = 'The account is archived.'
const TWICE = 'An alias is given twice for one time, or more than 10 would hold at once.'

const path = { account_id: accountId }
const other = { path: { account_id: secondAccountId } }

const billingInformation = { emailRecipients: ['invoices@example.com'] }

const research = {
  id: secondAccountId,
  name: 'Research Account',
  customerId,
  invoiceCurrency: 'USD',
  primaryEmail: 'research@example.com',
  billingInformation,
  netTermDays: 30,
  metadata: { costCenter: '4711' },
  tags: ['research'],
}

export const tags = {
  Accounts: 'What a customer is invoiced by: each has its currency, its settings, and aliases by which events name it.',
}

export const parameters = {
  account_id: 'Your own id of the account.',
  invoice_currency: 'The ISO 4217 code of the currency of its invoices.',
}

export const createAccount = {
  summary: 'Create an account of a customer',
  description: 'Writes the account, its aliases and its settings together: all of them or none.',
  refuses: {
    400: `${TWICE} Two settings share a namespace and an id, or the value of one does not suit its data type.`,
    404: 'The customer does not exist.',
    409: 'The customer is archived; the id is taken, by an archived account too, or is an alias; or an alias belongs to another account or is its id. The message names it, and the account that has an alias.',
  },
  example: {
    after: ['createCustomer'],
    request: { ...research, aliases: ['acme_research'] },
    answer: {
      ...research,
      togaiAccountId: 'account.0VFLWOg4aeM.6PlG8',
      togaiCustomerId,
      status: 'ACTIVE',
      aliases: [{ alias: 'acme_research', status: 'ACTIVE' }],
      settings: [],
    },
    other: { request: { id: 'ACC00003', name: 'Laboratory Account', customerId, aliases: ['acme_laboratory'] } },
  },
}

export const getAccounts = {
  summary: 'List accounts',
  description:
    'Lists the accounts that are not archived, or those of a status, last changed first unless asked otherwise, a page at a time. One filter can be given, or customer_id with status.',
  refuses: { 400: 'Filters come together that a list does not take so; or _sort names another field, or one twice.' },
  example: {
    after: ['createCustomer'],
    query: { customer_id: customerId, status: 'ACTIVE', _search: 'primary', _sort: 'updated_at:DESC', pageSize: 20 },
    instead: { account_id: accountId, invoice_currency: 'USD' },
    answer: { data: [account], context: { pageSize: 20, sortOrder: 'DESC' } },
  },
}

export const getAccount = {
  summary: 'Read an account',
  description:
    'Reads an account by your own id of it, archived or not, with the aliases that hold at an instant and the first 10 of its settings. A portal token reads its own accounts.',
  refuses: { 403: 'It is a portal token that does not read this account, or there is none.', 404: MISSING },
  example: {
    after: ['createCustomer', 'createInvoiceGroup'],
    path,
    query: { effectiveOn: '2026-04-01T00:00:00.000Z', includeGroupDetails: true },
    answer: { ...account, invoiceGroupDetails: group },
  },
}

export const updateAccount = {
  summary: 'Change an account',
  description: 'Replaces the fields that are sent, objects and lists as a whole. An empty body changes nothing.',
  refuses: {
    404: MISSING,
    409: 'The account is archived, it is invoiced in another currency already, or its invoice group is. The message names the currency.',
  },
  example: {
    after: ['createCustomer'],
    path,
    request: { name: 'Main Account', netTermDays: 30, billingInformation, tags: ['enterprise'] },
    answer: { ...account, name: 'Main Account', netTermDays: 30, billingInformation, tags: ['enterprise'] },
    other: { request: { tags: ['trial'] } },
  },
}

export const deleteAccount = {
  summary: 'Archive an account',
  description:
    'Archives an account. Its aliases end at this instant and can be given to another account, and it leaves its invoice group, which ends with its last account. It can still be read by its id, which stays taken. A second time changes nothing.',
  refuses: { 404: MISSING },
  example: { after: ['createCustomer'], path, answer: done, other },
}

export const addAliases = {
  summary: 'Give aliases to an account',
  description:
    'Gives aliases to an account, all of them or none. One without effectiveFrom holds as far back as it can: until another account last held it.',
  refuses: {
    400: TWICE,
    404: MISSING,
    409: 'The account is archived, an alias belongs to an account at some time of its range or is the id of one, or more than 10 would hold at once. The message names the alias.',
  },
  example: {
    after: ['createCustomer'],
    path,
    request: {
      aliases: ['acme_backup'],
      accountAliases: [{ value: 'acme_2026', effectiveFrom: '2026-01-01T00:00:00.000Z' }],
    },
    answer: {
      ...account,
      aliases: [...account.aliases, { alias: 'acme_backup', status: 'ACTIVE' }, { alias: 'acme_2026', status: 'ACTIVE' }],
    },
    other: { request: { aliases: ['acme_archive'] } },
  },
}

const OPEN = { effectiveFrom: '1970-01-01T00:00:00.000Z', effectiveUntil: '9999-01-01T00:00:00.000Z' }

export const listAccountAliases = {
  summary: 'List the aliases of an account',
  description: 'Lists every alias that the account has had, has or will have, with its range, in the order in which they were given.',
  refuses: { 404: MISSING },
  example: {
    after: ['createCustomer', 'addAliases'],
    path,
    query: { pageSize: 100 },
    answer: {
      data: [
        { id: '019d3e55-2260-7000-b547-eb5b90e4442c', value: 'acme_primary', ...OPEN, createdAt: first, updatedAt: first },
        { id: '019d3e55-2260-7001-8a9d-321204a9c85e', value: 'admin@example.com', ...OPEN, createdAt: first, updatedAt: first },
        { id: '019d3e56-0cc0-7000-83c8-7022a090facb', value: 'acme_backup', ...OPEN, createdAt: second, updatedAt: second },
        {
          id: '019d3e56-0cc0-7001-b411-d810cad506c4',
          value: 'acme_2026',
          effectiveFrom: '2026-01-01T00:00:00.000Z',
          effectiveUntil: OPEN.effectiveUntil,
          createdAt: second,
          updatedAt: second,
        },
      ],
    },
  },
}

export const removeAliases = {
  summary: 'Take aliases from an account',
  description:
    'Ends aliases, all of them or none: by their names from now on, by their ids from an instant on. What they were stays on record, and one that has ended stays as it was.',
  refuses: { 404: `${MISSING} Or it has no such alias. The message names it.`, 409: ARCHIVED },
  example: {
    after: ['createCustomer'],
    path,
    request: { aliases: ['admin@example.com'] },
    answer: { ...account, aliases: account.aliases.slice(0, 1) },
    other: { request: { aliases: ['acme_primary'] } },
  },
}

export const restoreAccount = {
  summary: 'Restore an account',
  description:
    'Undoes the archive of an account: it has the status it had, its aliases as if they had never ended, or from now on where another account had them for a while, and its place in its invoice group. Aliases that belong to another account meanwhile are named and left out, as is a group that has ended. An account that is not archived stays as it is.',
  refuses: { 404: MISSING, 409: 'Its customer is archived.' },
  example: { after: ['createCustomer', 'deleteAccount'], path, answer: { ...account, aliasesLeftOut: [] }, other },
}
