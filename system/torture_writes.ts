import { randomInt, randomUUID } from 'node:crypto'
import { pick } from './torture_values.ts'

export type Shown = Record<string, unknown>

/** A customer, an account or a setting, as its only client knows it. */
export interface Resource {
  type: 'CUSTOMER' | 'ACCOUNT' | 'SETTING'
  id: string
  /** Its content. Undefined until it is created. */
  shown?: Shown | undefined
  /** Its content before the last change. */
  before?: Shown | undefined
  tag?: string | undefined
  /** A change for each of its versions, and the request that made it, unless the answer to that was lost. */
  history: { operationId: string; key: string; requestId: string | undefined }[]
}
/** A resource and its new content. */
export type Effect = [Resource, Shown]

/** Who makes a write: what it has, and aliases that move from one account to another. */
interface Writer {
  resources: ReadonlySet<Resource>
  freed: string[]
}

export const pathOf = ({ type, id }: Resource): string => `/${type.toLowerCase()}s/${id}`
const isArchived = ({ shown }: Resource): boolean => shown?.['status'] === 'ARCHIVED'

export const settingId = ({ namespace, id, entityType, entityId }: Shown): string =>
  ['setting', namespace, id, entityType, entityId].join('.')

let named = 0
const newName = (kind: string): string => `${kind}-${++named}`
const areHeld = (aliases: readonly string[]) => aliases.map((alias) => ({ alias, status: 'ACTIVE' }))
const someAliases = ({ freed }: Writer): string[] =>
  Array.from({ length: randomInt(1, 3) }, () => (randomInt(2) && freed.pop()) || newName('alias'))

const unmade = (type: Resource['type'], id: string): Resource => ({ type, id, history: [] })

/** Two settings for a new customer or account, and their expected content. */
const makeSettings = (entityType: string, entityId: string) => {
  const settings = ['A', 'B'].map((id) => ({ id, value: newName(id), namespace: 'USER', name: `Setting ${id}`, dataType: 'STRING' }))
  const made = settings.map((setting) => ({ ...setting, entityType, entityId }))
  return { settings, effects: made.map((one): Effect => [unmade('SETTING', settingId(one)), one]) }
}

/** The request for a new account, and its expected content. */
const makeAccount = (client: Writer, customerId: string) => {
  const aliases = someAliases(client)
  const id = newName('account')
  const { settings, effects } = makeSettings('ACCOUNT', id)
  const sent = { id, name: newName('Account'), status: pick(['ACTIVE', 'DRAFT']), settings }
  const shown = { ...sent, customerId, invoiceCurrency: 'USD', aliases: areHeld(aliases) }
  return { sent: { ...sent, aliases }, effects: [[unmade('ACCOUNT', id), shown], ...effects] as Effect[] }
}

/** A write under a new key, which may depend on the version that the client knows. Its answer shows the first resource. */
const ask = (operationId: string, method: string, path: string, body: Shown | undefined, ...effects: Effect[]) => {
  const [key, tag] = [randomUUID(), effects[0]?.[0].tag]
  const headers: Record<string, string> = { 'Idempotency-Key': key, ...(tag && randomInt(2) && { 'If-Match': `"${tag}"` }) }
  return { operationId, method, path, body, headers, key, effects }
}
export type Write = ReturnType<typeof ask>

const update = (of: Resource, operationId: string, fields: Shown) =>
  ask(operationId, 'PATCH', pathOf(of), fields, [of, { ...of.shown, ...fields }])
const archive = (of: Resource, operationId: string, fields: Shown) =>
  ask(operationId, 'DELETE', pathOf(of), undefined, [of, { ...of.shown, ...fields, status: 'ARCHIVED' }])
const restore = (of: Resource, operationId: string) => ask(operationId, 'POST', `${pathOf(of)}/restore`, undefined, [of, of.before ?? {}])

/** Chooses a write that is possible now. */
export const chooseWrite = (client: Writer): Write => {
  const all = [...client.resources]
  const customer = pick(all.filter(({ type }) => type === 'CUSTOMER'))
  const accounts = all.filter(({ shown }) => shown?.['customerId'] === customer?.id)
  const account = pick(accounts)
  if (!customer || !account || !randomInt(5)) {
    const id = newName('customer')
    const { settings, effects } = makeSettings('CUSTOMER', id)
    const first = makeAccount(client, id)
    const fields = { id, name: newName('Customer'), primaryEmail: 'a@example.com', address: {} }
    const effect: Effect = [unmade('CUSTOMER', id), { ...fields, status: 'ACTIVE' }]
    return ask('createCustomer', 'POST', '/customers', { ...fields, settings, account: first.sent }, effect, ...first.effects, ...effects)
  }
  if (isArchived(customer)) return restore(customer, 'restoreCustomer')
  if (accounts.every(isArchived) && randomInt(2)) return archive(customer, 'deleteCustomer', {})
  if (accounts.length < 3 && !randomInt(5)) {
    const { sent, effects } = makeAccount(client, customer.id)
    return ask('createAccount', 'POST', '/accounts', { ...sent, customerId: customer.id }, ...effects)
  }
  if (!randomInt(5)) return update(customer, 'updateCustomer', { name: newName('Customer'), address: { city: newName('City') } })
  if (isArchived(account)) return restore(account, 'restoreAccount')
  const held = account.shown?.['aliases'] as ReturnType<typeof areHeld>
  const alias = (operationId: string, path: string, aliases: string[], after: typeof held) =>
    ask(operationId, 'POST', `${pathOf(account)}/${path}`, { aliases }, [account, { ...account.shown, aliases: after }])
  const [gone, kind] = [pick(held), randomInt(4)]
  const left = held.filter((one) => one !== gone)
  if (kind === 0) return archive(account, 'deleteAccount', { aliases: [] })
  if (kind === 1 && gone) return alias('removeAliases', 'remove_aliases', [gone.alias], left)
  if (kind > 1 || held.length > 7) return update(account, 'updateAccount', { name: newName('Account'), tags: [newName('tag')] })
  const aliases = someAliases(client)
  return alias('addAliases', 'add_aliases', aliases, [...held, ...areHeld(aliases)])
}
