import * as fc from 'fast-check'
import * as model from './model.ts'
import { type ListQuery, type AliasWithRange, END, type Given, type Listing, type Loose, type Step, type World, iso } from './model.ts'

// Names are so few that they often meet; the ids of accounts and the aliases have some in common.
const CUSTOMERS = ['cus-1', 'cus-2', 'cus-3']
const ACCOUNTS = ['acc-1', 'acc-2', 'acc-3', 'red', 'cus-1']
const MANY = Array.from({ length: 20 }, (_, n) => `many-${n}`)
const ALIASES = ['blue', 'green', 'grey', 'red', 'acc-1', 'acc-2', 'cus-1', ...MANY.slice(0, 3)]
const DATES = [Date.UTC(2030, 0, 1), Date.UTC(2059, 6, 1), Date.UTC(2060, 6, 1), Date.UTC(2061, 6, 1), Date.UTC(2100, 0, 1)]

type Plan = (world: World) => Step | Listing

/** A call after a while: a millisecond, a second, or most of a year, in which what was planned begins. */
export interface Call {
  wait: number
  plan: Plan
}

const NEVER = 'never.made'

// What is chosen when the call is made, of what is there by then

const pick = <Item>(n: number, items: readonly Item[]): Item => items[n % items.length] as Item

/** Of a hundred, most choose what lives, some what is over, and some what may never have been. */
const choose = (n: number, living: readonly string[], over: readonly string[], any: readonly string[]): string => {
  if (n < 80 && living.length) return pick(n, living)
  return n < 92 && over.length ? pick(n, over) : pick(n, any)
}
const chance = () => fc.nat(99)
const chances = () => fc.uniqueArray(chance(), { minLength: 1, maxLength: 3 })

const chosen = (n: number, rows: readonly { id: string; status: string }[], any: readonly string[]): string => {
  const ids = (over: boolean) => rows.filter(({ status }) => (status === 'ARCHIVED') === over).map(({ id }) => id)
  return choose(n, ids(false), ids(true), any)
}
const customerId = ({ customers }: World, n: number) => chosen(n, customers, [...CUSTOMERS, NEVER])
const accountId = ({ accounts }: World, n: number) => chosen(n, accounts, [...ACCOUNTS, NEVER])
/** More often of a customer whose accounts are all archived. */
const idleId = (world: World, n: number) => {
  const busy = new Set(world.accounts.filter(({ status }) => status !== 'ARCHIVED').map((account) => account.customerId))
  const idle = world.customers.map(({ id }) => id).filter((id) => !busy.has(id))
  return n < 60 && idle.length ? pick(n, idle) : customerId(world, n)
}
/** Most often of an account that has aliases. */
const holderId = (world: World, n: number) => {
  const holders = world.accounts.map(({ id }) => id).filter((id) => model.lasting(world, id).length)
  return n < 70 && holders.length ? pick(n, holders) : accountId(world, n)
}
const accountIds = (world: World, n: readonly number[]) => [...new Set(n.map((one) => accountId(world, one)))]
const groupId = ({ groups }: World, n: number) => chosen(n, groups, [NEVER])

type When = (world: World) => number

/** An instant: of the past or the future, now, or where an alias begins or ends. */
const when = (): fc.Arbitrary<When> =>
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(...DATES).map(
        (date): When =>
          () =>
            date,
      ),
    },
    { weight: 1, arbitrary: fc.constant<When>(({ now }) => now) },
    {
      weight: 3,
      arbitrary: fc.tuple(chance(), fc.constantFrom(0, 0, 0, 1, -1)).map(([n, beside]): When => ({ now, ranges }) => {
        const edges = ranges.flatMap(({ from, until }) => [from, until]).filter((edge) => edge > 0 && edge < END)
        return edges.length ? pick(n, edges) + beside : now
      }),
    },
  )

// What is sent

const some = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] })
const name = () => fc.constantFrom('Ada', 'ada & sons', 'Bob Ltd', 'Zoë')
const email = () => fc.constantFrom('ann@example.com', 'Bob@example.com')
const address = () => some({ city: fc.constantFrom('Rome', 'Bonn'), country: fc.constantFrom('IT', 'DE') })
const currency = () => fc.constantFrom('USD', 'EUR')

/** Of these ids and namespaces two pairs are named alike: "USER.a" "b" and "USER" "a.b". */
const setting = () =>
  fc
    .record({
      id: fc.constantFrom('a', 'b', 'a.b'),
      namespace: fc.constantFrom('USER', 'USER.a'),
      name: name(),
      typed: fc.constantFrom(['STRING', 'x'], ['STRING', '5'], ['NUMERIC', '7.5'], ['JSON', '{}'], ['JSON_LOGIC', '5']),
    })
    .map(({ typed: [dataType = '', value = ''], ...rest }) => ({ ...rest, dataType, value }))
const settings = () => fc.uniqueArray(setting(), { maxLength: 2, selector: ({ id, namespace }) => `${namespace} ${id}` })

const plain = () =>
  fc.oneof(
    { weight: 2, arbitrary: fc.uniqueArray(fc.constantFrom(...ALIASES), { minLength: 1, maxLength: 2 }) },
    { weight: 2, arbitrary: fc.subarray(MANY, { minLength: 4, maxLength: 10 }) },
  )

interface Sides {
  from: When | null
  until: When | null
}

const sides = () => fc.record<Sides>({ from: fc.option(when(), { freq: 2 }), until: fc.option(when(), { freq: 2 }) })

/** An alias for a time that is not turned round. */
const lasts = (world: World, value: string, { from, until }: Sides): AliasWithRange => {
  const [one, other] = [from?.(world), until?.(world)]
  const turned = one !== undefined && other !== undefined && other < one
  const [effectiveFrom, effectiveUntil] = turned ? [other, one] : [one, other]
  return {
    value,
    ...(effectiveFrom !== undefined && { effectiveFrom: iso(effectiveFrom) }),
    ...(effectiveUntil !== undefined && { effectiveUntil: iso(effectiveUntil) }),
  }
}

type Gives = (world: World) => Given

const dated = (values: readonly string[]): fc.Arbitrary<Gives> =>
  fc
    .array(fc.tuple(fc.constantFrom(...values), sides()), { minLength: 1, maxLength: 2 })
    .map((ranges) => (world) => ({ accountAliases: ranges.map(([value, its]) => lasts(world, value, its)) }))

/** So many for one time that an account is soon full. */
const bulk = (): fc.Arbitrary<Gives> =>
  fc.tuple(fc.subarray(MANY, { minLength: 4, maxLength: 10 }), sides()).map(([values, its]) => (world) => ({
    accountAliases: values.map((value) => lasts(world, value, its)),
  }))

/** What a new account and an old one can be given: plain aliases, dated ones, or both. */
const given = (): fc.Arbitrary<Gives> =>
  fc.oneof(
    { weight: 4, arbitrary: plain().map((aliases) => () => ({ aliases })) },
    { weight: 5, arbitrary: dated(ALIASES) },
    { weight: 2, arbitrary: bulk() },
    {
      weight: 1,
      arbitrary: fc.tuple(plain(), dated(MANY)).map(([aliases, gives]) => (world: World) => ({ aliases, ...gives(world) })),
    },
  )

const accountFields = () => ({
  name: name(),
  address: address(),
  primaryEmail: email(),
  billingInformation: fc.constantFrom({}, { emailRecipients: ['ann@example.com'] }),
  netTermDays: fc.constantFrom(0, 30),
  metadata: fc.constantFrom({}, { a: '1' }, { b: '2' }),
  tags: fc.constantFrom([], ['gold'], ['Gold', 'new']),
  status: fc.constantFrom('ACTIVE', 'DRAFT'),
  invoiceCurrency: currency(),
})

type Body = (world: World) => Loose

const account = (aliases: fc.Arbitrary<Body | null> = fc.option(given(), { freq: 3 })): fc.Arbitrary<Body> =>
  fc
    .tuple(fc.constantFrom(...ACCOUNTS), fc.record({ ...accountFields(), settings: settings() }, { requiredKeys: ['name'] }), aliases)
    .map(([id, fields, gives]) => (world) => ({ id, ...fields, ...gives?.(world) }))

const customer = (first: fc.Arbitrary<Body | null>): fc.Arbitrary<Body> =>
  fc
    .tuple(
      fc.constantFrom(...CUSTOMERS),
      fc.record(
        { name: name(), primaryEmail: email(), address: address(), settings: settings() },
        { requiredKeys: ['name', 'primaryEmail', 'address'] },
      ),
      first,
    )
    .map(([id, fields, opens]) => (world) => ({ id, ...fields, ...(opens && { account: opens(world) }) }))

const group = () =>
  fc.record(
    { name: name(), email: email(), dailyInvoiceConsolidation: fc.boolean(), address: address(), netTermDays: fc.constantFrom(0, 30) },
    { requiredKeys: ['name', 'email', 'dailyInvoiceConsolidation', 'address'] },
  )

interface AliasRemoval {
  names: number[]
  ids: { n: number; from: When | null }[]
}

const ending = (): fc.Arbitrary<AliasRemoval> =>
  fc.oneof(
    fc.record({ names: chances(), ids: fc.constant<AliasRemoval['ids']>([]) }),
    fc.record({
      names: fc.array(chance(), { maxLength: 1 }),
      ids: fc.array(fc.record({ n: chance(), from: fc.option(when(), { freq: 2 }) }), { minLength: 1, maxLength: 2 }),
    }),
  )

const removed = (world: World, id: string, { names, ids }: AliasRemoval) => {
  const own = world.ranges.filter((range) => range.account === id)
  const held = model.lasting(world, id).map(({ value }) => value)
  const aliases = names.map((n) =>
    choose(
      n,
      held,
      own.map(({ value }) => value),
      ALIASES,
    ),
  )
  const accountAliases = ids.map(({ n, from }) => ({
    id: choose(
      n,
      own.map((range) => range.id),
      world.ranges.map((range) => range.id),
      [NEVER],
    ),
    ...(from && { from: iso(from(world)) }),
  }))
  return { ...(aliases.length && { aliases }), ...(accountAliases.length && { accountAliases }) }
}

// The calls, each as often as its weight says

const call = <Sent>(weight: number, sent: fc.Arbitrary<Sent>, plan: (world: World, sent: Sent) => Step | Listing) => ({
  weight,
  arbitrary: sent.map(
    (what): Plan =>
      (world) =>
        plan(world, what),
  ),
})

const createCustomer = (first: fc.Arbitrary<Body | null>) =>
  call(5, customer(first), (world, body) => model.createCustomer(world, body(world)))

const createAccount = call(9, fc.tuple(chance(), account()), (world, [n, body]) =>
  model.createAccount(world, { ...body(world), customerId: customerId(world, n) }),
)

/** Where there is no group yet, one is made. */
const inGroup = (change: typeof model.addInvoiceGroupAccounts) =>
  call(6, fc.tuple(chance(), chances(), group()), (world, [n, accounts, sent]) =>
    world.groups.some(({ status }) => status === 'ACTIVE')
      ? change(world, groupId(world, n), accountIds(world, accounts))
      : model.createInvoiceGroup(world, { ...sent, accountIds: accountIds(world, accounts) }),
  )

const ENTITIES = ['ACCOUNT', 'ACCOUNT', 'CUSTOMER', 'INVOICE_GROUP', 'ORGANIZATION']

const entityId = (world: World, type: string, n: number): string => {
  if (type === 'ORGANIZATION') return choose(n, [world.organizationId], [], [NEVER])
  if (type === 'INVOICE_GROUP') return groupId(world, n)
  return type === 'CUSTOMER' ? customerId(world, n) : accountId(world, n)
}

const list = (of: (world: World, asked: ListQuery) => Listing, ...filters: fc.Arbitrary<Record<string, string>>[]) =>
  call(
    2,
    fc.record(
      {
        size: fc.constantFrom(100, 2, 1),
        sort: fc.constantFrom('id:ASC' as const, 'id:DESC' as const, 'updated_at:ASC' as const, 'updated_at:DESC' as const),
        search: fc.constantFrom('a', 'ADA', 'acc', 'cus-1', 'bob@', 'zO', 'none'),
        filters: fc.oneof(...filters),
      },
      { requiredKeys: ['size'] },
    ),
    of,
  )
const filter = (field: string, values: readonly string[]) => fc.constantFrom(...values).map((value) => ({ [field]: value }))
const ofCustomer = () => filter('customer_id', CUSTOMERS)
const ofStatus = () => filter('status', ['ACTIVE', 'DRAFT', 'ARCHIVED'])

const anyCall = fc.oneof(
  createCustomer(fc.option(account(), { freq: 4 })),
  call(4, fc.tuple(chance(), some({ name: name(), primaryEmail: email(), address: address() })), (world, [n, body]) =>
    model.updateCustomer(world, customerId(world, n), body),
  ),
  call(4, chance(), (world, n) => model.deleteCustomer(world, idleId(world, n))),
  createAccount,
  call(6, fc.tuple(chance(), some(accountFields())), (world, [n, body]) => model.updateAccount(world, accountId(world, n), body)),
  call(6, chance(), (world, n) => model.deleteAccount(world, accountId(world, n))),
  call(24, fc.tuple(chance(), given()), (world, [n, body]) => model.addAliases(world, accountId(world, n), body(world))),
  call(16, fc.tuple(chance(), ending()), (world, [n, ends]) => {
    const id = holderId(world, n)
    return model.removeAliases(world, id, removed(world, id, ends))
  }),
  call(3, fc.uniqueArray(fc.constantFrom(...ALIASES), { minLength: 1, maxLength: 3 }), model.createAlias),
  call(5, chance(), (world, n) => model.deleteAlias(world, choose(n, [...world.pool.keys()], [], ALIASES))),
  call(8, fc.tuple(fc.constantFrom(...ENTITIES), chance(), setting()), (world, [entityType, n, sent]) =>
    model.insertSetting(world, { ...sent, entityType, entityId: entityId(world, entityType, n) }),
  ),
  call(
    4,
    fc.tuple(
      chance(),
      some({ name: name(), value: fc.constantFrom('x', '5', '{}'), dataType: fc.constantFrom('STRING', 'NUMERIC', 'JSON') }),
    ),
    (world, [n, body]) => model.updateSetting(world, choose(n, world.settings.map(model.nameOf), [], [NEVER]), body),
  ),
  call(6, fc.tuple(chances(), group()), (world, [accounts, sent]) =>
    model.createInvoiceGroup(world, { ...sent, accountIds: accountIds(world, accounts) }),
  ),
  inGroup(model.addInvoiceGroupAccounts),
  inGroup(model.removeInvoiceGroupAccounts),
  list(model.getCustomers, filter('id', CUSTOMERS), filter('status', ['ACTIVE', 'ARCHIVED'])),
  list(
    model.getAccounts,
    filter('account_id', ACCOUNTS),
    ofCustomer(),
    ofStatus(),
    filter('invoice_currency', ['USD', 'EUR']),
    fc.tuple(ofCustomer(), ofStatus()).map(([one, other]) => ({ ...one, ...other })),
  ),
  list(
    model.listSetting,
    filter('entity_type', ['ACCOUNT', 'CUSTOMER']),
    filter('entity_id', ACCOUNTS),
    filter('setting_id', ['a', 'a.b']),
    filter('namespace', ['USER']),
  ),
)

const WAITS = [1000, 1000, 1000, 1000, 1, 1, 1, 1, 200 * 86_400_000]
const after = (plan: fc.Arbitrary<Plan>): fc.Arbitrary<Call> => fc.record({ wait: fc.constantFrom(...WAITS), plan })

/** A sequence of calls, the first two of which make a customer and another account for the others to work on. */
export const sequence = (most: number): fc.Arbitrary<Call[]> =>
  fc
    .tuple(
      after(createCustomer(fc.option(account(fc.constant(null)), { freq: 4 })).arbitrary),
      after(createAccount.arbitrary),
      fc.array(after(anyCall), { maxLength: most - 2, size: 'max' }),
    )
    .map(([first, second, rest]) => [first, second, ...rest])
