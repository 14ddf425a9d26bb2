import { type Api, type Json, digest, holdAnswer, readList } from './api.ts'
import { findDifferences } from './compare.ts'

/** What was found of a line in the API: the thing itself, and the id that it has here. */
export interface Found {
  thing: Json
  id: string
}

/** How the lines of a file become things of the API. */
export interface Kind {
  file: string
  /** The fields of a line that are not in the body: `id` is that which Togai gave it. */
  beside: readonly string[]
  path: (line: Json) => string
  body?: (body: Json, key: string) => Json
  /** Finds what the line is about. A kind without it is known by a key in its body, which the API keeps for ever. */
  find?: (api: Api, line: Json, occurrence: number) => Promise<Found | undefined>
  /** The fields of a body that the API does not show. */
  unread?: readonly string[]
  /** The path at which a thing is activated, and the body of that. */
  activate?: (id: string, line: Json) => [path: string, body: Json | undefined]
  /** Later lines may refer to it by Togai's id. */
  isReferred?: boolean
  /** Two equal lines are two things. */
  isRepeatable?: boolean
  atOnce: number
  /** The list that counts them. */
  list?: string
}

const AT_ONCE = 8

const segment = (value: unknown): string => encodeURIComponent(String(value))

const findAt =
  (pathOf: (line: Json) => string, idOf: string) =>
  async ({ read }: Api, line: Json): Promise<Found | undefined> => {
    const answer = await read(pathOf(line))
    if (answer.status === 404) return undefined
    holdAnswer(answer)
    const { body } = answer
    return { thing: body, id: String(body[idOf]) }
  }

/** Finds the thing of a list that has the name of the line, and reads it whole. */
const findNamed =
  (list: string, search = '&_search=') =>
  async (api: Api, line: Json): Promise<Found | undefined> => {
    for await (const item of readList(api, `${list}?pageSize=100${search && search + segment(line['name'])}`))
      if (item['name'] === line['name']) return findAt(() => `${list}/${segment(item['id'])}`, 'id')(api, line)
    return undefined
  }

const named = (file: string, path: string, more: Partial<Kind> = {}): Kind => ({
  file,
  beside: ['id', 'activate'],
  path: () => path,
  find: findNamed(path),
  isReferred: true,
  atOnce: 1,
  list: path,
  ...more,
})

/** A plan shows its cards in its newest schedule. */
const findPlan = async (api: Api, line: Json): Promise<Found | undefined> => {
  const found = await findNamed('/price_plans')(api, line)
  const newest = ((found?.thing['pricingSchedule'] ?? []) as Json[]).at(-1)
  return found && { ...found, thing: { ...newest, ...found.thing } }
}

/** The schedule of a line is the one of its account that begins on the same day. */
const findSchedule = async (api: Api, line: Json): Promise<Found | undefined> => {
  const day = String(line['effectiveFrom'])
  for await (const item of readList(api, `/accounts/${segment(line['accountId'])}/pricing_schedules?pageSize=100`))
    if (String(item['startDate']).startsWith(day) && (item['pricePlanId'] ?? null) === (line['pricePlanId'] ?? null))
      return { thing: { ...item, effectiveFrom: day, mode: 'ASSOCIATE' }, id: String(item['id']) }
  return undefined
}

/** A top-up has no name: the file's second one of an amount is the account's second one of that amount. */
const findTopUp = async (api: Api, line: Json, occurrence: number): Promise<Found | undefined> => {
  let count = 0
  for await (const item of readList(api, `/accounts/${segment(line['accountId'])}/wallet/entries?pageSize=50`)) {
    const isTopUp = item['transactionType'] === 'CREDITED' && item['description'] === 'Top-up'
    if (isTopUp && findDifferences(line['topupAmount'], item['amount']).length === 0 && ++count === occurrence)
      return { thing: { topupAmount: item['amount'] }, id: String(item['id']) }
  }
  return undefined
}

/** The kinds in the order in which they refer to each other. */
export const KINDS: readonly Kind[] = [
  {
    file: 'event_schemas.ndjson',
    beside: ['activate'],
    path: () => '/event_schema',
    find: findAt((line) => `/event_schema/${segment(line['name'])}`, 'name'),
    activate: (id) => [`/event_schema/${segment(id)}/activate`, undefined],
    atOnce: 1,
    list: '/event_schema',
  },
  named('usage_meters.ndjson', '/usage_meters', {
    unread: ['eventSchemaName'],
    activate: (id) => [`/usage_meters/${segment(id)}/activate`, undefined],
  }),
  named('addons.ndjson', '/addons'),
  named('features.ndjson', '/features', { find: findNamed('/features', '') }),
  named('price_plans.ndjson', '/price_plans', {
    find: findPlan,
    activate: (id, line) => {
      const { supportedCurrencies = [] } = (line['pricePlanDetails'] ?? {}) as Json
      return [`/price_plans/${segment(id)}/activate`, { currencies: supportedCurrencies }]
    },
  }),
  {
    file: 'customers.ndjson',
    beside: [],
    path: () => '/customers',
    find: findAt((line) => `/customers/${segment(line['id'])}`, 'id'),
    unread: ['account', 'settings'],
    atOnce: AT_ONCE,
    list: '/customers',
  },
  {
    file: 'accounts.ndjson',
    beside: [],
    path: () => '/accounts',
    find: findAt((line) => `/accounts/${segment(line['id'])}`, 'id'),
    unread: ['accountAliases'],
    atOnce: AT_ONCE,
    list: '/accounts',
  },
  {
    file: 'price_plan_associations.ndjson',
    beside: ['accountId'],
    path: (line) => `/accounts/${segment(line['accountId'])}/price_plans`,
    find: findSchedule,
    unread: ['effectiveUntil', 'pricePlanDetailsOverride', 'pricingRulesOverride', 'retainStartOffsets', 'preActions'],
    atOnce: 1,
  },
  {
    file: 'license_updates.ndjson',
    beside: [],
    path: () => '/license_updates',
    body: (body, key) => ({ idempotencyKey: key, ...body }),
    isRepeatable: true,
    atOnce: 1,
  },
  {
    file: 'credits.ndjson',
    beside: [],
    path: () => '/credits',
    body: (body, key) => ({ creditRequests: [{ idempotencyKey: key, ...body }] }),
    isRepeatable: true,
    atOnce: AT_ONCE,
  },
  {
    file: 'wallet_topups.ndjson',
    beside: ['accountId'],
    path: (line) => `/accounts/${segment(line['accountId'])}/wallet_topup`,
    find: findTopUp,
    isRepeatable: true,
    atOnce: 1,
  },
]

/** The key under which a line is made: that of its content. */
export const keyOf = ({ file }: Kind, content: string, occurrence: number): string => `import-${digest(file, content, String(occurrence))}`
