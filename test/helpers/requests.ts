import { env } from 'cloudflare:workers'
import { operations } from '../../src/operations.ts'
import { type Answer, organization } from './api.ts'

export type Api = Awaited<ReturnType<typeof organization>>
export interface Ids {
  group: string
  other: string
  tokenId: string
}
export type Asked = [path: string, body?: Record<string, unknown> | undefined]

export const customer = (id: string, account: Record<string, unknown> = {}) => ({
  id,
  name: 'ACME Enterprise',
  primaryEmail: 'a@example.com',
  address: {},
  account: { id: `${id} main`, name: 'Main account', ...account },
})

/** An organization with a bit of everything. */
export const furnished = async () => {
  const api = await organization()
  await api.post('/customers', customer('acme', { aliases: ['held'] }))
  await api.post('/accounts', { id: 'spare', name: 'Spare account', customerId: 'acme' })
  await api.post('/customers', customer('empty'))
  await api.delete('/accounts/empty%20main')
  await api.post('/aliases', { aliases: [{ value: 'pooled' }] })
  await api.post('/settings', setting('kept'))
  const { body: group } = await api.post('/invoice_groups', { ...group_, accountIds: ['acme main'] })
  await api.post('/customers', customer('closed', { aliases: ['ended'] }))
  await api.delete('/accounts/closed%20main')
  await api.delete('/customers/closed')
  await api.post('/accounts', { id: 'gone', name: 'Gone account', customerId: 'acme', aliases: ['taken', 'free'] })
  await api.delete('/accounts/gone')
  const { body: token } = await api.post('/tokens', { name: 'Other', role: 'DEVELOPER' })
  return { ...api, group: String(group.id), other: String(token.id) }
}

const setting = (id: string) => ({
  id,
  value: '1',
  entityType: 'CUSTOMER',
  entityId: 'acme',
  namespace: 'USER',
  name: 'S',
  dataType: 'NUMERIC',
})
export const group_ = { name: 'Group', email: 'g@example.com', dailyInvoiceConsolidation: true, address: {} }

/** For every operation that writes, a request that changes something, and another one. */
const REQUESTS: Record<string, (api: Ids) => [Asked, Asked]> = {
  restoreCustomer: () => [['/customers/closed/restore'], ['/customers/acme/restore']],
  restoreAccount: () => [['/accounts/gone/restore'], ['/accounts/spare/restore']],
  createToken: () => [
    ['/tokens', { name: 'New', role: 'ANALYST' }],
    ['/tokens', { name: 'Newer', role: 'ANALYST' }],
  ],
  rotateToken: ({ other }) => [
    [`/tokens/${other}/rotate`, { gracePeriod: 60 }],
    [`/tokens/${other}/rotate`, { gracePeriod: 61 }],
  ],
  revokeToken: ({ other, tokenId }) => [[`/tokens/${other}`], [`/tokens/${tokenId}`]],
  createCustomer: () => [
    ['/customers', customer('new')],
    ['/customers', customer('newer')],
  ],
  updateCustomer: () => [
    ['/customers/acme', { name: 'New name' }],
    ['/customers/acme', { name: 'Newer name' }],
  ],
  deleteCustomer: () => [['/customers/empty'], ['/customers/acme']],
  createCustomerContact: () => [
    ['/customers/acme/contacts', { name: 'N', email: 'n@example.com' }],
    ['/customers/empty/contacts', { name: 'N', email: 'n@example.com' }],
  ],
  createAccount: () => [
    ['/accounts', { id: 'new', name: 'New account', customerId: 'acme', aliases: ['fresh'] }],
    ['/accounts', { id: 'new', name: 'New account', customerId: 'acme', aliases: ['fresher'] }],
  ],
  updateAccount: () => [
    ['/accounts/spare', { tags: ['a'] }],
    ['/accounts/spare', { tags: ['b'] }],
  ],
  deleteAccount: () => [['/accounts/spare'], ['/accounts/acme%20main']],
  addAliases: () => [
    ['/accounts/spare/add_aliases', { aliases: ['fresh'] }],
    ['/accounts/spare/add_aliases', { aliases: ['fresher'] }],
  ],
  removeAliases: () => [
    ['/accounts/acme%20main/remove_aliases', { aliases: ['held'] }],
    ['/accounts/spare/remove_aliases', { aliases: ['held'] }],
  ],
  createAlias: () => [
    ['/aliases', { aliases: [{ value: 'fresh' }] }],
    ['/aliases', { aliases: [{ value: 'fresher' }] }],
  ],
  deleteAlias: () => [['/aliases/pooled'], ['/aliases/held']],
  insertSetting: () => [
    ['/settings', setting('new')],
    ['/settings', setting('newer')],
  ],
  updateSetting: () => [
    ['/settings/setting.USER.kept.CUSTOMER.acme', { value: '2' }],
    ['/settings/setting.USER.kept.CUSTOMER.acme', { value: '3' }],
  ],
  createInvoiceGroup: () => [
    ['/invoice_groups', { ...group_, accountIds: ['spare'] }],
    ['/invoice_groups', { ...group_, accountIds: ['spare'], name: 'Other' }],
  ],
  addInvoiceGroupAccounts: ({ group }) => [
    [`/invoice_groups/${group}/add_accounts`, { accountIds: ['spare'] }],
    [`/invoice_groups/${group}/add_accounts`, { accountIds: ['acme main'] }],
  ],
  removeInvoiceGroupAccounts: ({ group }) => [
    [`/invoice_groups/${group}/remove_accounts`, { accountIds: ['acme main'] }],
    [`/invoice_groups/${group}/remove_accounts`, { accountIds: ['spare'] }],
  ],
}

export const writing = operations
  .filter(({ writes }) => writes)
  .map(({ operationId, method }) => ({ operationId, method: method.toUpperCase() }))

const TABLES = [
  'customers',
  'accounts',
  'account_aliases',
  'aliases',
  'settings',
  'contacts',
  'invoice_groups',
  'invoice_group_accounts',
  'idempotency_keys',
  'tokens',
  'token_secrets',
  'audit_log',
]

/** Every row of an organization. */
export const everything = async (id: string, tables = TABLES): Promise<Record<string, string[]>> => {
  const results = await env.DB.batch(tables.map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE organization_id = ?`).bind(id)))
  return Object.fromEntries(
    tables.map((table, index) => [table, (results[index]?.results ?? []).map((row) => JSON.stringify(row)).toSorted()]),
  )
}

export const asked = (operationId: string, api: Ids): [Asked, Asked] => {
  const request = REQUESTS[operationId]
  if (!request) throw new Error(`${operationId} writes, and has no request here`)
  return request(api)
}

export const ask = (
  { call }: Pick<Api, 'call'>,
  method: string,
  [path, body]: Asked,
  headers: Record<string, string> = {},
): Promise<Answer> => call(method, path, body, headers)
