/** A customer as it is sent, with an account whose id is its own with ` main` behind it. */
export const customer = (id: string, account: Record<string, unknown> = {}) => ({
  id,
  name: 'ACME Enterprise',
  primaryEmail: 'a@example.com',
  address: {},
  account: { id: `${id} main`, name: 'Main account', ...account },
})
