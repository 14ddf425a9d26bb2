import { account, accountId, customerId, done, first, group, second, secondAccountId, togaiCustomerId } from '../../lib/examples.ts'

const MISSING = 'No account of the organization has this id.'
const ARCHIVED = 'The account is archived.'
const TWICE = 'The same alias is given twice for the same time, or more than 10 aliases would be in effect at once.'

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
  Accounts:
    'Accounts receive the invoices of a customer. Each has its own currency, settings, and aliases, which are its other names in events.',
}

export const parameters = {
  account_id: 'Your own id of the account.',
  invoice_currency: 'The currency of the invoices of the account, as an ISO 4217 code.',
}

export const createAccount = {
  summary: 'Create an account of a customer',
  description: 'Creates the account, its aliases and its settings, either all of them or none.',
  refuses: {
    400: `${TWICE} Two settings have the same namespace and id, or the value of a setting does not match its data type.`,
    404: 'The customer does not exist.',
    409: 'The customer is archived; the id is taken (perhaps by an archived account) or is an alias; or an alias belongs to another account or is the id of one. The message names the id or the alias, and the account that has the alias.',
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
    'Lists accounts, page by page. Without status, it lists those that are not archived. Without _sort, the account that was changed last comes first. Use one filter only, or customer_id together with status.',
  refuses: { 400: 'The filters cannot be combined; or _sort contains an unknown field, or the same field twice.' },
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
    'Reads an account by your own id, with its first 10 settings and the aliases that are in effect at effectiveOn. The account may be archived. A portal token can read its own accounts.',
  refuses: {
    403: 'The token is a portal token that cannot read this account. The same answer is given if the account does not exist.',
    404: MISSING,
  },
  example: {
    after: ['createCustomer', 'createInvoiceGroup'],
    path,
    query: { effectiveOn: '2026-04-01T00:00:00.000Z', includeGroupDetails: true },
    answer: { ...account, invoiceGroupDetails: group },
  },
}

export const updateAccount = {
  summary: 'Change an account',
  description: 'Replaces the fields that are sent. Objects and lists are replaced as a whole. An empty body changes nothing.',
  refuses: {
    404: MISSING,
    409: 'The account is archived, or it or its invoice group already has another currency, which the message names.',
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
    'Archives an account. Its aliases end now and can be given to another account. The account leaves its invoice group, now or, if it will still be invoiced, when its last invoice has fallen due; the group ends if it has no other account. It can still be read by its id, and the id stays taken. Archiving it again changes nothing.',
  refuses: { 404: MISSING },
  example: { after: ['createCustomer'], path, answer: done, other },
}

export const addAliases = {
  summary: 'Give aliases to an account',
  description:
    'Gives aliases to an account, either all of them or none. An alias without effectiveFrom applies as far back as possible: to the beginning, or to the time at which another account last had it.',
  refuses: {
    400: TWICE,
    404: MISSING,
    409: 'The account is archived; an alias belongs to an account at some time of its range, or is the id of another account; or more than 10 aliases would be in effect at once. The message names the alias.',
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
  description:
    'Lists all past, present and future aliases of the account, with the time range of each, in the order in which they were added.',
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
    'Ends aliases, either all of them or none: now if they are given by name, or at a given instant if they are given by id. Ended aliases stay in the list of account_aliases, and an alias that has ended before does not change.',
  refuses: { 404: `${MISSING} Or the account does not have the alias that the message names.`, 409: ARCHIVED },
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
    'Restores an archived account: its status, its aliases and its place in its invoice group. An alias is restored as if it had never ended, or from now on if another account has had it in the meantime. aliasesLeftOut lists the aliases that belong to another account now, invoiceGroupLeftOut names a group that has ended, and pricePlansLeftOut lists the price plans that ended with the archive, which are not in force again. An account that is not archived stays as it is.',
  refuses: { 404: MISSING, 409: 'Its customer is archived.' },
  example: { after: ['createCustomer', 'deleteAccount'], path, answer: { ...account, aliasesLeftOut: [] }, other },
}
