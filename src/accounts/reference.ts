const MISSING = 'No account of the organization has this id.'
const ARCHIVED = 'The account is archived.'

export const createAccount = {
  summary: 'Create an account of a customer',
  description: 'Writes the account, its aliases and its settings together: all of them or none.',
  refuses: {
    404: 'The customer does not exist.',
    409: 'The customer is archived, or the id or an alias is taken. The message names it, and the account that has an alias.',
  },
}

export const getAccounts = {
  summary: 'List accounts',
  description:
    'Lists the accounts that are not archived, or those of a status, last changed first, a page at a time. One filter can be given, or customer_id with status.',
}

export const getAccount = {
  summary: 'Read an account',
  description:
    'Reads an account by your own id of it, percent-encoded in the path, with the aliases that hold at an instant and the first 10 of its settings.',
  refuses: { 403: 'A portal token reads another account.', 404: MISSING },
}

export const updateAccount = {
  summary: 'Change an account',
  description: 'Replaces the fields that are sent, objects and lists as a whole. An empty body changes nothing.',
  refuses: { 404: MISSING, 409: 'The account is archived, or its currency is another one.' },
}

export const deleteAccount = {
  summary: 'Archive an account',
  description:
    'Archives an account. Its aliases end at this instant and can be given to another account, and it leaves its invoice group. It can still be read by its id, which stays taken. A second time changes nothing.',
  refuses: { 404: MISSING },
}

export const addAliases = {
  summary: 'Give aliases to an account',
  description:
    'Gives aliases to an account, all of them or none. One without effectiveFrom holds as far back as it can: until another account last held it.',
  refuses: {
    404: MISSING,
    409: 'The account is archived, an alias is taken, or more than 10 would hold at once. The message names the alias.',
  },
}

export const listAccountAliases = {
  summary: 'List the aliases of an account',
  description: 'Lists every alias that the account has had, has or will have, with its range.',
  refuses: { 404: MISSING },
}

export const removeAliases = {
  summary: 'Take aliases from an account',
  description:
    'Ends aliases, all of them or none: by their names from now on, by their ids from an instant on. What they were stays on record.',
  refuses: { 404: `${MISSING} Or it has no such alias.`, 409: ARCHIVED },
}

export const restoreAccount = {
  summary: 'Restore an account',
  description:
    'Undoes the archive of an account: it has the status it had, its aliases as if they had never ended, and its place in its invoice group. Aliases that belong to another account meanwhile are named and left out. An account that is not archived stays as it is.',
  refuses: { 404: MISSING, 409: 'Its customer is archived.' },
}
