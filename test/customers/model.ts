// The rules of the customer domain over plain lists, written from the documents: nothing of src is imported.

// What the calls send and answer has been held against its schemas.
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any

interface Customer {
  id: string
  togaiCustomerId: string
  name: string
  primaryEmail: string
  address: Record<string, string>
  status: 'ACTIVE' | 'ARCHIVED'
  createdAt: number
  updatedAt: number
}

interface Account {
  id: string
  togaiAccountId: string
  customerId: string
  invoiceCurrency: string
  currencyGiven: boolean
  status: 'ACTIVE' | 'DRAFT' | 'ARCHIVED'
  /** What is shown as it was sent. */
  fields: { name: string; primaryEmail?: string }
  updatedAt: number
}

/** An alias of an account from `from` until just before `until`; one that is empty was taken back before it began. */
interface Range {
  id: string
  account: string
  value: string
  from: number
  until: number
  createdAt: number
  updatedAt: number
}

interface Setting {
  id: string
  value: string
  namespace: string
  name: string
  dataType: string
  entityType: string
  entityId: string
}

interface Group {
  id: string
  /** What is shown as it was sent. */
  fields: object
  invoiceCurrency: string
  accounts: string[]
  status: 'ACTIVE' | 'ARCHIVED'
  createdAt: number
  updatedAt: number
}

/** An organization, each list in the order in which its things were made. */
export interface World {
  organizationId: string
  now: number
  customers: Customer[]
  accounts: Account[]
  ranges: Range[]
  pool: Map<string, number>
  settings: Setting[]
  groups: Group[]
}

export const newWorld = (organizationId: string, now: number): World => ({
  organizationId,
  now,
  customers: [],
  accounts: [],
  ranges: [],
  pool: new Map(),
  settings: [],
  groups: [],
})

/** Where no message is said, any will do. */
interface Refusal {
  code: string
  status: number
  message?: string
}

/** What can be read. `learn` takes over the ids that only the answer knows. */
export interface Read {
  path: string
  status: number
  body: () => unknown
  learn?: (body: Loose) => void
}

/** A list that is walked to its end in pages of `size`. */
export interface Listing {
  kind: string
  path: string
  size: number
  data: unknown[]
  sortOrder?: string
}

/** A call and what the rules say of it: refusals of which it must get one, or what it answers, makes and changes. */
export interface Step {
  kind: string
  /** The method and the path. */
  request: string
  body: unknown
  refusals: Refusal[]
  status: number
  change: (answer: Loose) => void
  shows: () => unknown
  affects: () => Read[]
}

export const END = Date.UTC(9999, 0, 1)
const MOST = 10

export const iso = (instant: number): string => new Date(instant).toISOString()

const by =
  <Item>(...keys: ((item: Item) => string | number)[]) =>
  (one: Item, other: Item): number => {
    for (const key of keys) {
      const [left, right] = [key(one), key(other)]
      if (left !== right) return left < right ? -1 : 1
    }
    return 0
  }

const withId = <Row extends { id: string }>(rows: readonly Row[], id: string): Row | undefined => rows.find((row) => row.id === id)
const holds = ({ from, until }: { from: number; until: number }, instant: number) => from <= instant && instant < until
const heldAt = ({ ranges }: World, account: string, instant: number) =>
  ranges.filter((range) => range.account === account && holds(range, instant))
const liveGroup = ({ groups }: World, id: string) => groups.find((group) => group.id === id && group.status === 'ACTIVE')
const groupWith = ({ groups }: World, account: string) => groups.find(({ accounts }) => accounts.includes(account))
export const nameOf = ({ namespace, id, entityType, entityId }: Setting) => `setting.${namespace}.${id}.${entityType}.${entityId}`

// What is shown

const showCustomer = ({ createdAt, updatedAt, ...customer }: Customer) => ({
  ...customer,
  billingAddress: ['city', 'country'].flatMap((part) => customer.address[part] ?? []).join(', '),
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
})

const showAccount = (world: World, account: Account, { on = world.now, grouped = false } = {}) => {
  const { currencyGiven: _given, updatedAt: _changed, fields, ...shown } = account
  const group = grouped ? groupWith(world, account.id) : undefined
  return {
    ...fields,
    ...shown,
    togaiCustomerId: withId(world.customers, account.customerId)?.togaiCustomerId,
    aliases: heldAt(world, account.id, on).map(({ value }) => ({ alias: value, status: 'ACTIVE' })),
    settings: world.settings
      .filter(({ entityType, entityId }) => entityType === 'ACCOUNT' && entityId === account.id)
      .map(({ entityType: _type, entityId: _id, ...setting }) => setting)
      .slice(0, 10),
    ...(group && { invoiceGroupDetails: { ...group.fields, id: group.id, invoiceCurrency: group.invoiceCurrency } }),
  }
}

const showGroup = ({ id, fields, invoiceCurrency, accounts, createdAt, updatedAt }: Group) => ({
  ...fields,
  id,
  invoiceCurrency,
  accountsCount: accounts.length,
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
})

const showRange = ({ id, value, from, until, createdAt, updatedAt }: Range) => ({
  id,
  value,
  effectiveFrom: iso(from),
  effectiveUntil: iso(until),
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
})

// What is read

const read = <Row>(path: string, kind: string, id: string, row: Row | undefined, show: (row: Row) => unknown): Read =>
  row === undefined
    ? { path, status: 404, body: () => ({ message: `The ${kind} "${id}" does not exist.` }) }
    : { path, status: 200, body: () => show(row) }

const readCustomer = ({ customers }: World, id: string) => read(`/customers/${id}`, 'customer', id, withId(customers, id), showCustomer)

const readAccount = (world: World, id: string, on?: number) =>
  read(
    `/accounts/${id}?${on === undefined ? 'includeGroupDetails=true' : `effectiveOn=${iso(on)}`}`,
    'account',
    id,
    withId(world.accounts, id),
    (account) => showAccount(world, account, on === undefined ? { grouped: true } : { on }),
  )

const readHistory = ({ accounts, ranges }: World, id: string): Read => {
  const own = ranges.filter(({ account }) => account === id)
  return {
    ...read(`/accounts/${id}/account_aliases`, 'account', id, withId(accounts, id), () => ({ data: own.map(showRange) })),
    learn: ({ data }) => {
      for (const [index, range] of own.entries()) range.id ||= String(data[index]?.id)
    },
  }
}

const readAlias = ({ pool }: World, value: string) =>
  read(`/aliases/${value}`, 'alias', value, pool.get(value), (createdAt) => ({ value, createdAt: iso(createdAt) }))

/** Of the settings that share a name, the one of the shortest namespace. */
const settingOf = ({ settings }: World, name: string): Setting | undefined =>
  settings.filter((setting) => nameOf(setting) === name).toSorted(by(({ namespace }) => namespace.length))[0]

const readSetting = (world: World, name: string) => read(`/settings/${name}`, 'setting', name, settingOf(world, name), (setting) => setting)

const readGroup = (world: World, id: string) =>
  read(`/invoice_groups/${id}`, 'invoice group', id, liveGroup(world, id), (group) => ({
    ...showGroup(group),
    accounts: group.accounts.toSorted(),
  }))

const readsOfAccount = (world: World, id: string) => [readAccount(world, id), readHistory(world, id)]

// What is listed

/** What a list is asked for; `sort` is by `id` also where the list has another name for that. */
export interface ListQuery {
  size: number
  filters?: Record<string, string>
  search?: string
  sort?: `${'id' | 'updated_at'}:${'ASC' | 'DESC'}`
}

const listing = (kind: string, path: string, { size, filters, search, sort }: ListQuery, data: unknown[], sortOrder?: string): Listing => {
  const query = { ...filters, ...(search && { _search: search }), ...(sort && { _sort: sort }), pageSize: String(size) }
  return { kind, path: `${path}?${new URLSearchParams(query).toString()}`, size, data, ...(sortOrder && { sortOrder }) }
}

const sorted = <Row extends { id: string; updatedAt: number }>(rows: Row[], [field, direction]: string[]): Row[] => {
  const ascending = rows.toSorted(by(field === 'id' ? ({ id }) => id : ({ updatedAt }) => updatedAt))
  return direction === 'ASC' ? ascending : ascending.toReversed()
}

const begins = (search: string | undefined, ...texts: (string | undefined)[]) =>
  search === undefined || texts.some((text) => text?.toLowerCase().startsWith(search.toLowerCase()))

/** Whether every filter of `names` that is given is what the row has. */
const passes = (filters: Record<string, string> = {}, names: Record<string, string>) =>
  Object.entries(names).every(([field, value]) => filters[field] === undefined || filters[field] === value)

export const getCustomers = ({ customers }: World, asked: ListQuery): Listing => {
  const { filters, search, sort = 'updated_at:DESC' } = asked
  const rows = customers.filter(
    ({ id, status, name, primaryEmail }) =>
      passes({ status: 'ACTIVE', ...filters }, { id, status }) && begins(search, id, name, primaryEmail),
  )
  const order = sort.split(':')
  return listing('getCustomers', '/customers', asked, sorted(rows, order).map(showCustomer), order[1])
}

export const getAccounts = (world: World, asked: ListQuery): Listing => {
  const { filters, search, sort = 'updated_at:DESC' } = asked
  const rows = world.accounts.filter(
    ({ id, status, customerId, invoiceCurrency, fields: { name, primaryEmail } }) =>
      (filters?.['status'] !== undefined || status !== 'ARCHIVED') &&
      passes(filters, { account_id: id, customer_id: customerId, status, invoice_currency: invoiceCurrency }) &&
      begins(search, id, name, primaryEmail),
  )
  const order = sort.split(':')
  const data = sorted(rows, order).map((row) => showAccount(world, row))
  const named = asked.sort && (asked.sort.replace('id:', 'account_id:') as 'id:ASC')
  return listing('getAccounts', '/accounts', { ...asked, ...(named && { sort: named }) }, data, order[1])
}

export const listSetting = ({ settings }: World, { size, filters = {} }: ListQuery): Listing => {
  const data = settings
    .filter(({ entityType, entityId, id, namespace }) =>
      passes(filters, { entity_type: entityType, entity_id: entityId, setting_id: id, namespace }),
    )
    .toSorted(
      by(
        ({ entityType }) => entityType,
        ({ entityId }) => entityId,
        ({ namespace }) => namespace,
        ({ id }) => id,
      ),
    )
  return listing('listSetting', '/settings', { size, filters }, data, 'ASC')
}

const listAliases = ({ pool }: World, asked: ListQuery): Listing => {
  const data = [...pool].map(([value, createdAt]) => ({ value, createdAt: iso(createdAt) }))
  return listing('listAliases', '/aliases', asked, data.toSorted(by(({ value }) => value)))
}

const listInvoiceGroups = ({ groups }: World, asked: ListQuery): Listing =>
  listing('listInvoiceGroups', '/invoice_groups', asked, groups.filter(({ status }) => status === 'ACTIVE').map(showGroup))

/** Everything there is to read, and every list. */
export const everything = (world: World): { reads: Read[]; lists: Listing[] } => {
  const instants = (id: string): number[] => {
    const edges = world.ranges.filter(({ account }) => account === id).flatMap(({ from, until }) => [from - 1, from, until - 1, until])
    const all = [...new Set(edges.filter((edge) => edge > 0 && edge < END))].toSorted(by((edge) => edge))
    return all.filter((_, index) => index % Math.ceil(all.length / 3) === 0)
  }
  const values = new Set([...world.ranges.map(({ value }) => value), ...world.pool.keys()])
  return {
    reads: [
      ...world.customers.map(({ id }) => readCustomer(world, id)),
      ...world.accounts.flatMap(({ id }) => [
        ...readsOfAccount(world, id),
        ...instants(id).map((instant) => readAccount(world, id, instant)),
      ]),
      ...[...values].map((value) => readAlias(world, value)),
      ...[...new Set(world.settings.map(nameOf))].map((name) => readSetting(world, name)),
      ...world.groups.map(({ id }) => readGroup(world, id)),
    ],
    lists: [
      getCustomers(world, { size: 2 }),
      getCustomers(world, { size: 2, filters: { status: 'ARCHIVED' } }),
      getAccounts(world, { size: 3 }),
      getAccounts(world, { size: 3, filters: { status: 'ARCHIVED' } }),
      listAliases(world, { size: 7 }),
      listSetting(world, { size: 5 }),
      listInvoiceGroups(world, { size: 2 }),
    ],
  }
}

// What is refused

const conflict = (code: string, message: string): Refusal => ({ code, status: 409, message })
const absent = (code: string, message: string): Refusal => ({ code, status: 404, message })
const notFound = (kind: string, id: string) => absent('NOT_FOUND', `The ${kind} "${id}" does not exist.`)
const MALFORMED: Refusal = { code: 'MALFORMED', status: 400 }

const unchangeable = (kind: string, id: string, row: { status: string } | undefined): Refusal[] => {
  if (!row) return [notFound(kind, id)]
  return row.status === 'ARCHIVED' ? [conflict('ARCHIVED', `The ${kind} "${id}" is archived, and cannot be changed.`)] : []
}

const touch = ({ now }: World, row: { updatedAt: number } | undefined): void => {
  if (row) row.updatedAt = now
}

const step = (
  kind: string,
  request: string,
  body: unknown,
  rules: Pick<Step, 'refusals' | 'change' | 'affects'> & Partial<Pick<Step, 'status' | 'shows'>>,
): Step => ({ kind, request, body, status: 200, shows: () => ({ success: true }), ...rules })

// Aliases

export interface AliasWithRange {
  value: string
  effectiveFrom?: string
  effectiveUntil?: string
}

export interface Given {
  aliases?: string[]
  accountAliases?: AliasWithRange[]
}

interface AskedRange {
  path: string
  value: string
  /** Left out, it begins as far back as it can. */
  from: number | undefined
  until: number
}

const askedRanges = ({ aliases = [], accountAliases = [] }: Given, prefix: string): AskedRange[] => [
  ...aliases.map((value, index) => ({ path: `${prefix}aliases[${index}]`, value, from: undefined, until: END })),
  ...accountAliases.map(({ value, effectiveFrom, effectiveUntil }, index) => ({
    path: `${prefix}accountAliases[${index}].value`,
    value,
    from: effectiveFrom === undefined ? undefined : Date.parse(effectiveFrom),
    until: effectiveUntil === undefined ? END : Date.parse(effectiveUntil),
  })),
]

/** Whether a request contradicts itself: a range that is empty, an alias twice at an instant, more at an instant than may be. */
const malformed = (given: Given): boolean => {
  const ranges = askedRanges(given, '').map(({ value, from = 0, until }) => ({ value, from, until }))
  const together = ranges.map(({ from }) => ranges.filter((range) => holds(range, from)).map(({ value }) => value))
  return (
    ranges.some(({ from, until }) => from >= until) ||
    together.some((values) => new Set(values).size < values.length || (values.length > MOST && given.accountAliases !== undefined))
  )
}

/** Since when an alias without a beginning holds: back from now, or from its end, until someone held it or the account was too full for `more`. */
const beginning = (world: World, account: string, { value, until }: AskedRange, more: number): number => {
  const full = (instant: number) => heldAt(world, account, instant).length + more > MOST
  const held = (instant: number) => world.ranges.some((range) => range.value === value && holds(range, instant))
  const edges = world.ranges.flatMap((range) => [range.from, range.until]).filter((edge) => edge > 0 && edge <= world.now)
  // An account that was too full after the end of the alias lets it have no more than its last millisecond.
  if (edges.some((edge) => edge >= until && full(edge - 1))) return until - 1
  const stops = edges.filter((edge) => edge < until && (held(edge - 1) || full(edge - 1)))
  return Math.max(0, ...stops)
}

/** What giving aliases to an account meets, and the ranges that it makes. */
const giving = (world: World, account: string, given: Given, prefix = ''): { refusals: Refusal[]; ranges: Range[] } => {
  const { now } = world
  const asked = askedRanges(given, prefix)
  const more = asked.filter(({ from }) => from === undefined).length
  const ranges = asked.map((one) => ({ ...one, from: one.from ?? beginning(world, account, one, more) }))
  const all = [...world.ranges.filter((range) => range.account === account), ...ranges]
  const refusals = ranges.flatMap(({ path, value, from, until }) => {
    const met = world.ranges.filter((range) => range.value === value && Math.max(range.from, from) < Math.min(range.until, until))
    const starts = all.map((range) => Math.max(range.from, from)).filter((start) => start < until)
    return [
      ...(value !== account && withId(world.accounts, value)
        ? [conflict('ALIAS_IS_ACCOUNT_ID', `${path}: "${value}" is the id of the account "${value}"`)]
        : []),
      ...met
        .filter((range) => range.from < range.until)
        .map((range) => conflict('ALIAS_TAKEN', `${path}: "${value}" is an alias of the account "${range.account}" already`)),
      ...(starts.some((start) => all.filter((range) => holds(range, start)).length > MOST)
        ? [conflict('TOO_MANY_ALIASES', `${path}: with "${value}" more than 10 aliases of the account "${account}" would hold at once`)]
        : []),
    ]
  })
  return {
    refusals,
    ranges: ranges.map(({ value, from, until }) => ({ id: '', account, value, from, until, createdAt: now, updatedAt: now })),
  }
}

const give = (world: World, ranges: readonly Range[]): void => {
  world.ranges.push(...ranges)
  for (const { value } of ranges) if (!world.pool.has(value)) world.pool.set(value, world.now)
}

/** Ends a range at `instant`, or takes it back if it begins later; one that is over, or will be by then, stays. Says whether it changed. */
const finish = (world: World, range: Range, instant: number): boolean => {
  const until = Math.max(range.from, instant)
  if (range.until <= world.now || range.until <= until) return false
  range.until = until
  touch(world, range)
  return true
}

// Settings

const keeping = (world: World, entityType: string, entityId: string, sent: readonly Loose[] = []) => {
  const rows: Setting[] = sent.map((setting) => ({ ...setting, entityType, entityId }))
  const taken = rows.filter((row) =>
    world.settings.some(
      (setting) =>
        setting.entityType === entityType && setting.entityId === entityId && setting.namespace === row.namespace && setting.id === row.id,
    ),
  )
  const refusals = taken.map(({ id, namespace }) =>
    conflict('SETTING_TAKEN', `id: the setting "${id}" of the namespace "${namespace}" exists already on ${entityType} "${entityId}"`),
  )
  return { rows, refusals }
}

const entityOf = (world: World, type: string, id: string): { status: string } | undefined => {
  if (type === 'ORGANIZATION') return id === world.organizationId ? { status: 'ACTIVE' } : undefined
  const rows: { id: string; status: string }[] = { CUSTOMER: world.customers, ACCOUNT: world.accounts }[type] ?? world.groups
  return withId(rows, id)
}

/** An account shows its settings, and so changes with them. */
const touchEntity = (world: World, type: string, id: string): void => {
  if (type === 'ACCOUNT') touch(world, withId(world.accounts, id))
}

const suits = (dataType = '', value = ''): boolean => {
  if (dataType === 'NUMERIC') return /^\d+(\.\d+)?$/.test(value)
  return dataType === 'STRING' || /^(\d+(\.\d+)?|\{\})$/.test(value)
}

const entityArchived = (type: string, id: string) => conflict('ENTITY_ARCHIVED', `entityId: the ${type} "${id}" is archived`)

// Calls

/** A new account of a customer: what it meets, what it makes, and what is shown of it. */
const opening = (world: World, customerId: string, account: Loose, prefix = '') => {
  const { id, invoiceCurrency, aliases, accountAliases, settings, status = 'ACTIVE', tags, ...fields } = account
  const given = { ...(aliases && { aliases }), ...(accountAliases && { accountAliases }) }
  const { refusals, ranges } = giving(world, id, given, prefix)
  const kept = keeping(world, 'ACCOUNT', id, settings)
  const owners = world.ranges.filter(({ value, from, until }) => value === id && from < until)
  return {
    malformed: malformed(given),
    refusals: [
      ...(withId(world.accounts, id) ? [conflict('ACCOUNT_ID_TAKEN', `${prefix}id: the account "${id}" exists already`)] : []),
      ...owners.map((range) => conflict('ACCOUNT_ID_IS_ALIAS', `${prefix}id: "${id}" is an alias of the account "${range.account}"`)),
      ...refusals,
      ...kept.refusals,
    ],
    change: (togaiAccountId: string) => {
      world.accounts.push({
        id,
        togaiAccountId,
        customerId,
        invoiceCurrency: invoiceCurrency ?? 'USD',
        currencyGiven: invoiceCurrency !== undefined,
        status,
        fields: { ...fields, ...(tags && { tags: tags.map((tag: string) => tag.toLowerCase()) }) },
        updatedAt: world.now,
      })
      give(world, ranges)
      world.settings.push(...kept.rows)
    },
    shows: () => showAccount(world, withId(world.accounts, id) as Account),
  }
}

export const createCustomer = (world: World, body: Loose): Step => {
  const { id, name, primaryEmail, address, settings = [], account = { id, name, primaryEmail, address } } = body
  const { now } = world
  const opened = opening(world, id, account, body.account && 'account.')
  const kept = keeping(world, 'CUSTOMER', id, settings)
  const taken = withId(world.customers, id) ? [conflict('CUSTOMER_ID_TAKEN', `id: the customer "${id}" exists already`)] : []
  return step('createCustomer', 'POST /customers', body, {
    status: 201,
    refusals: opened.malformed ? [MALFORMED] : [...taken, ...opened.refusals, ...kept.refusals],
    change: (answer) => {
      const { togaiCustomerId } = answer
      world.customers.push({ id, togaiCustomerId, name, primaryEmail, address, status: 'ACTIVE', createdAt: now, updatedAt: now })
      world.settings.push(...kept.rows)
      opened.change(answer.account.togaiAccountId)
    },
    shows: () => {
      const { status: _status, createdAt: _made, updatedAt: _changed, ...shown } = showCustomer(withId(world.customers, id) as Customer)
      return { ...shown, settings, account: opened.shows() }
    },
    affects: () => [readCustomer(world, id), ...readsOfAccount(world, account.id)],
  })
}

export const updateCustomer = (world: World, id: string, body: Loose): Step => {
  const customer = withId(world.customers, id)
  return step('updateCustomer', `PATCH /customers/${id}`, body, {
    refusals: unchangeable('customer', id, customer),
    change: () => {
      if (customer && Object.keys(body).length) touch(world, Object.assign(customer, body))
    },
    shows: () => showCustomer(customer as Customer),
    affects: () => [readCustomer(world, id)],
  })
}

export const deleteCustomer = (world: World, id: string): Step => {
  const customer = withId(world.customers, id)
  const accounts = world.accounts
    .filter(({ customerId, status }) => customerId === id && status !== 'ARCHIVED')
    .map((account) => account.id)
  return step('deleteCustomer', `DELETE /customers/${id}`, undefined, {
    refusals: [
      ...(customer ? [] : [notFound('customer', id)]),
      ...(accounts.length
        ? [
            conflict(
              'CUSTOMER_HAS_ACCOUNTS',
              `The customer "${id}" has accounts that are not archived: "${accounts.toSorted().join('", "')}"`,
            ),
          ]
        : []),
    ],
    change: () => {
      if (customer?.status === 'ACTIVE') touch(world, Object.assign(customer, { status: 'ARCHIVED' }))
    },
    affects: () => [readCustomer(world, id)],
  })
}

export const createAccount = (world: World, body: Loose): Step => {
  const { customerId, ...account } = body
  const customer = withId(world.customers, customerId)
  const opened = opening(world, customerId, account)
  const refusals = [...opened.refusals]
  if (!customer) refusals.push(absent('CUSTOMER_NOT_FOUND', `customerId: the customer "${customerId}" does not exist`))
  else if (customer.status === 'ARCHIVED')
    refusals.push(conflict('CUSTOMER_ARCHIVED', `customerId: the customer "${customerId}" is archived`))
  return step('createAccount', 'POST /accounts', body, {
    status: 201,
    refusals: opened.malformed ? [MALFORMED] : refusals,
    change: ({ togaiAccountId }) => opened.change(togaiAccountId),
    shows: opened.shows,
    affects: () => [...readsOfAccount(world, account.id), readCustomer(world, customerId)],
  })
}

export const updateAccount = (world: World, id: string, body: Loose): Step => {
  const account = withId(world.accounts, id)
  const { invoiceCurrency, status, tags, ...fields } = body
  const group = groupWith(world, id)
  const refusals = unchangeable('account', id, account)
  if (account && !refusals.length && invoiceCurrency !== undefined && invoiceCurrency !== account.invoiceCurrency) {
    const path = `invoiceCurrency: the account "${id}" is`
    if (account.currencyGiven)
      refusals.push(conflict('CURRENCY_GIVEN', `${path} invoiced in ${account.invoiceCurrency}, which cannot be changed`))
    else if (group)
      refusals.push(
        conflict('CURRENCY_OF_GROUP', `${path} in the invoice group "${group.id}", which is invoiced in ${group.invoiceCurrency}`),
      )
  }
  return step('updateAccount', `PATCH /accounts/${id}`, body, {
    refusals,
    change: () => {
      if (!account || !Object.keys(body).length) return
      account.invoiceCurrency = invoiceCurrency ?? account.invoiceCurrency
      account.currencyGiven ||= invoiceCurrency !== undefined
      account.status = status ?? account.status
      Object.assign(account.fields, fields, tags && { tags: tags.map((tag: string) => tag.toLowerCase()) })
      touch(world, account)
    },
    shows: () => showAccount(world, account as Account),
    affects: () => [readAccount(world, id)],
  })
}

const leave = (world: World, group: Group, accountIds: readonly string[]): void => {
  group.accounts = group.accounts.filter((id) => !accountIds.includes(id))
  if (!group.accounts.length) group.status = 'ARCHIVED'
  touch(world, group)
}

export const deleteAccount = (world: World, id: string): Step => {
  const account = withId(world.accounts, id)
  const group = groupWith(world, id)
  return step('deleteAccount', `DELETE /accounts/${id}`, undefined, {
    refusals: account ? [] : [notFound('account', id)],
    change: () => {
      if (!account || account.status === 'ARCHIVED') return
      account.status = 'ARCHIVED'
      touch(world, account)
      for (const range of world.ranges) if (range.account === id) finish(world, range, world.now)
      if (group) leave(world, group, [id])
    },
    affects: () => [...readsOfAccount(world, id), ...(group ? [readGroup(world, group.id)] : [])],
  })
}

export const addAliases = (world: World, id: string, body: Given): Step => {
  const account = withId(world.accounts, id)
  const { refusals, ranges } = giving(world, id, body)
  const unfit = unchangeable('account', id, account)
  return step('addAliases', `POST /accounts/${id}/add_aliases`, body, {
    refusals: malformed(body) ? [MALFORMED] : unfit.length ? unfit : refusals,
    change: () => {
      give(world, ranges)
      touch(world, account)
    },
    shows: () => showAccount(world, account as Account),
    affects: () => [...readsOfAccount(world, id), ...ranges.slice(0, 1).map(({ value }) => readAlias(world, value))],
  })
}

interface RemoveAliasesBody {
  aliases?: string[]
  accountAliases?: { id: string; from?: string }[]
}

/** The ranges of an account that are not over. */
export const lasting = ({ ranges, now }: World, id: string) =>
  ranges.filter(({ account, from, until }) => account === id && until > now && from < until)

export const removeAliases = (world: World, id: string, body: RemoveAliasesBody): Step => {
  const { aliases = [], accountAliases = [] } = body
  const account = withId(world.accounts, id)
  const own = world.ranges.filter((range) => range.account === id)
  const named = aliases.map((value) => lasting(world, id).filter((range) => range.value === value))
  const dated = accountAliases.map((one) => withId(own, one.id))
  const refusals = unchangeable('account', id, account)
  if (!refusals.length)
    refusals.push(
      ...aliases
        .map((value, index) => absent('NOT_HELD', `aliases[${index}]: the account "${id}" has no alias "${value}"`))
        .filter((_, index) => !named[index]?.length),
      ...accountAliases
        .map((one, index) => absent('NOT_HELD', `accountAliases[${index}].id: the account "${id}" has no alias with the id "${one.id}"`))
        .filter((_, index) => !dated[index]),
    )
  return step('removeAliases', `POST /accounts/${id}/remove_aliases`, body, {
    refusals,
    change: () => {
      const ends = [
        ...named.flat().map((range) => ({ range, at: world.now })),
        ...accountAliases.map(({ from }, index) => ({
          range: dated[index] as Range,
          at: from === undefined ? world.now : Date.parse(from),
        })),
      ]
      const ended = [...new Set(ends.map(({ range }) => range))].map((range) =>
        finish(world, range, Math.min(...ends.filter((end) => end.range === range).map(({ at }) => at))),
      )
      if (ended.includes(true)) touch(world, account)
    },
    shows: () => showAccount(world, account as Account),
    affects: () => readsOfAccount(world, id),
  })
}

export const createAlias = (world: World, values: readonly string[]): Step => {
  const existing = values.filter((value) => world.pool.has(value)).toSorted()
  return step(
    'createAlias',
    'POST /aliases',
    { aliases: values.map((value) => ({ value })) },
    {
      status: 201,
      refusals: existing.length ? [conflict('ALIASES_EXIST', `aliases: "${existing.join('", "')}" exist already`)] : [],
      change: () => {
        for (const value of values) world.pool.set(value, world.now)
      },
      shows: () => ({ data: values.map((value) => ({ value, createdAt: iso(world.now) })) }),
      affects: () => values.map((value) => readAlias(world, value)),
    },
  )
}

export const deleteAlias = (world: World, value: string): Step => {
  const holder = world.ranges.find((range) => range.value === value && holds(range, world.now))
  const refusals: Refusal[] = []
  if (!world.pool.has(value)) refusals.push(notFound('alias', value))
  else if (holder) refusals.push(conflict('ALIAS_HELD', `The alias "${value}" is held by the account "${holder.account}"`))
  return step('deleteAlias', `DELETE /aliases/${value}`, undefined, {
    refusals,
    change: () => world.pool.delete(value),
    affects: () => [readAlias(world, value)],
  })
}

export const insertSetting = (world: World, body: Setting): Step => {
  const { entityType, entityId, ...setting } = body
  const entity = entityOf(world, entityType, entityId)
  const { rows, refusals } = keeping(world, entityType, entityId, [setting])
  if (!entity) refusals.push(absent('ENTITY_NOT_FOUND', `entityId: there is no ${entityType} "${entityId}"`))
  else if (entity.status === 'ARCHIVED') refusals.push(entityArchived(entityType, entityId))
  return step('insertSetting', 'POST /settings', body, {
    status: 201,
    refusals,
    change: () => {
      world.settings.push(...rows)
      touchEntity(world, entityType, entityId)
    },
    shows: () => body,
    affects: () => [readSetting(world, nameOf(body)), ...(entityType === 'ACCOUNT' ? [readAccount(world, entityId)] : [])],
  })
}

export const updateSetting = (world: World, name: string, body: Loose): Step => {
  const setting = settingOf(world, name)
  const { value, dataType, entityType = '', entityId = '' } = { ...setting, ...body }
  const changes = Object.keys(body).length > 0
  const refusals: Refusal[] = []
  if (!setting) refusals.push(notFound('setting', name))
  else if (!suits(dataType, value)) refusals.push({ code: 'UNSUITED', status: 400 })
  else if (changes && entityOf(world, entityType, entityId)?.status === 'ARCHIVED') refusals.push(entityArchived(entityType, entityId))
  return step('updateSetting', `PATCH /settings/${name}`, body, {
    status: 201,
    refusals,
    change: () => {
      if (!setting || !changes) return
      Object.assign(setting, body)
      touchEntity(world, entityType, entityId)
    },
    shows: () => setting,
    affects: () => [readSetting(world, name), ...(entityType === 'ACCOUNT' ? [readAccount(world, entityId)] : [])],
  })
}

/** What the accounts meet that join a group with this currency; `sent` is where the request has them. */
const joining = (world: World, ids: readonly string[], sent: readonly string[], invoiceCurrency: string | undefined): Refusal[] =>
  ids.flatMap((id) => {
    const path = `accountIds[${sent.indexOf(id)}]: the account "${id}"`
    const account = withId(world.accounts, id)
    const group = groupWith(world, id)
    if (!account) return [absent('ACCOUNT_NOT_FOUND', `${path} does not exist`)]
    if (account.status === 'ARCHIVED') return [conflict('ACCOUNT_ARCHIVED', `${path} is archived`)]
    if (group) return [conflict('ACCOUNT_IN_GROUP', `${path} is in the invoice group "${group.id}" already`)]
    if (invoiceCurrency === undefined || account.invoiceCurrency === invoiceCurrency) return []
    return [conflict('ACCOUNT_CURRENCY', `${path} is invoiced in ${account.invoiceCurrency}, the invoice group in ${invoiceCurrency}`)]
  })

export const createInvoiceGroup = (world: World, body: Loose): Step => {
  const { accountIds, address: billingAddress, ...fields } = body
  const { now } = world
  const invoiceCurrency = withId(world.accounts, accountIds[0])?.invoiceCurrency
  const made: Group[] = []
  return step('createInvoiceGroup', 'POST /invoice_groups', body, {
    refusals: joining(world, accountIds, accountIds, invoiceCurrency),
    change: ({ id }) => {
      made.push({
        id,
        fields: { ...fields, billingAddress },
        invoiceCurrency: invoiceCurrency ?? '',
        accounts: [...accountIds],
        status: 'ACTIVE',
        createdAt: now,
        updatedAt: now,
      })
      world.groups.push(...made)
    },
    shows: () => made.map(showGroup)[0],
    affects: () => [...made.map(({ id }) => readGroup(world, id)), ...accountIds.map((id: string) => readAccount(world, id))],
  })
}

export const addInvoiceGroupAccounts = (world: World, id: string, accountIds: readonly string[]): Step => {
  const group = liveGroup(world, id)
  const others = accountIds.filter((accountId) => !group?.accounts.includes(accountId))
  return step(
    'addInvoiceGroupAccounts',
    `POST /invoice_groups/${id}/add_accounts`,
    { accountIds },
    {
      refusals: group ? joining(world, others, accountIds, group.invoiceCurrency) : [notFound('invoice group', id)],
      change: () => {
        if (!group || !others.length) return
        group.accounts.push(...others)
        touch(world, group)
      },
      shows: () => showGroup(group as Group),
      affects: () => [readGroup(world, id), ...accountIds.map((accountId) => readAccount(world, accountId))],
    },
  )
}

export const removeInvoiceGroupAccounts = (world: World, id: string, accountIds: readonly string[]): Step => {
  const group = liveGroup(world, id)
  const strange = accountIds.flatMap((accountId, index) =>
    group?.accounts.includes(accountId)
      ? []
      : [absent('NOT_IN_GROUP', `accountIds[${index}]: the account "${accountId}" is not in the invoice group "${id}"`)],
  )
  return step(
    'removeInvoiceGroupAccounts',
    `POST /invoice_groups/${id}/remove_accounts`,
    { accountIds },
    {
      refusals: group ? strange : [notFound('invoice group', id)],
      change: () => leave(world, group as Group, accountIds),
      affects: () => [readGroup(world, id), ...accountIds.map((accountId) => readAccount(world, accountId))],
    },
  )
}
