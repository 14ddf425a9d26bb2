import { done, first } from '../../lib/examples.ts'

const MISSING = 'The alias is not in the pool.'

const spare = { value: 'acme_spare', createdAt: first }
const test = { value: 'acme_test', createdAt: first }

const path = { alias: spare.value }

export const tags = {
  Aliases: 'The pool of aliases, which are other names of accounts in events.',
}

export const parameters = {
  alias: 'The value of the alias, percent-encoded.',
}

export const listAliases = {
  summary: 'List the pool of aliases',
  description:
    'Lists the alias values of the organization, sorted by value, page by page. Aliases of accounts are included. If without_account is true, those that an account has now are left out.',
  example: { after: ['createAlias'], query: { pageSize: 20, without_account: true }, answer: { data: [spare, test] } },
}

export const createAlias = {
  summary: 'Add aliases to the pool',
  description: 'Adds 1 to 100 alias values, either all of them or none.',
  refuses: {
    400: 'A value is given twice.',
    409: 'Some of them are already in the pool. The message names them.',
  },
  example: {
    request: { aliases: [{ value: spare.value }, { value: test.value }] },
    answer: { data: [spare, test] },
    other: { request: { aliases: [{ value: 'acme_staging' }] } },
  },
}

export const getAlias = {
  summary: 'Read an alias of the pool',
  description: 'Reads an alias value.',
  refuses: { 404: MISSING },
  example: { after: ['createAlias'], path, answer: spare },
}

export const deleteAlias = {
  summary: 'Remove an alias from the pool',
  description: 'Removes a value from the pool. No account may have it now. It can be added again.',
  refuses: { 404: MISSING, 409: 'An account has the alias now. The message names the account.' },
  example: { after: ['createAlias'], path, answer: done, other: { path: { alias: test.value } } },
}
