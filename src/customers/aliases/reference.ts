import { done, first } from '../../lib/examples.ts'

const MISSING = 'The alias is not in the pool.'

const spare = { value: 'acme_spare', createdAt: first }
const test = { value: 'acme_test', createdAt: first }

const path = { alias: spare.value }

export const tags = {
  Aliases: 'The pool of names that accounts are known by in events.',
}

export const parameters = {
  alias: 'The value of the alias.',
}

export const listAliases = {
  summary: 'List the pool of aliases',
  description:
    'Lists the alias values that the organization keeps, in their order, a page at a time. What an account is given is among them.',
  example: { after: ['createAlias'], query: { pageSize: 20 }, answer: { data: [spare, test] } },
}

export const createAlias = {
  summary: 'Put aliases into the pool',
  description: 'Keeps 1 to 100 alias values, all of them or none.',
  refuses: {
    400: 'A value is given twice.',
    409: 'Some of them are in the pool already. The message names them.',
  },
  example: {
    request: { aliases: [{ value: spare.value }, { value: test.value }] },
    answer: { data: [spare, test] },
    other: { request: { aliases: [{ value: 'acme_staging' }] } },
  },
}

export const getAlias = {
  summary: 'Read an alias of the pool',
  description: 'Reads an alias value, percent-encoded in the path.',
  refuses: { 404: MISSING },
  example: { after: ['createAlias'], path, answer: spare },
}

export const deleteAlias = {
  summary: 'Take an alias out of the pool',
  description: 'Takes a value out of the pool, if no account holds it now. It can be put back.',
  refuses: { 404: MISSING, 409: 'An account holds it now. The message names it.' },
  example: { after: ['createAlias'], path, answer: done, other: { path: { alias: test.value } } },
}
