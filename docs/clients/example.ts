import createClient from 'openapi-fetch'
import type { components, paths } from './togai.d.ts'

const { TOGAI_URL = 'http://localhost:8787', TOGAI_TOKEN = 'dev-token' } = process.env

const MOST_ATTEMPTS = 5

/** Sends a request again, as it is, when it has no answer, or one that is 5xx or says Retry-After. A write needs a key for that. */
const patiently = async (request: Request): Promise<Response> => {
  const repeatable = request.method === 'GET' || request.headers.has('Idempotency-Key')
  for (let attempt = 1; ; attempt++) {
    const isLast = !repeatable || attempt === MOST_ATTEMPTS
    let seconds = Math.random() * 2 ** (attempt - 1)
    try {
      const response = await fetch(request.clone())
      const after = response.headers.get('Retry-After')
      if (isLast || (after === null && response.status < 500)) return response
      seconds += Number(after)
    } catch (error) {
      if (isLast) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  }
}

const togai = createClient<paths>({ baseUrl: TOGAI_URL, headers: { Authorization: `Bearer ${TOGAI_TOKEN}` }, fetch: patiently })

interface Answer<Data> {
  data?: Data
  error?: components['schemas']['ErrorResponse']
  response: Response
}

/** What was answered. A refusal is thrown. */
const answered = <Data>({ data, error, response }: Answer<Data>): Data => {
  if (data === undefined) throw new Error(`${response.status} ${error?.message ?? response.statusText}`)
  return data
}

const headerOf = ({ response }: { response: Response }, name: string): string | undefined => response.headers.get(name) ?? undefined

const key = crypto.randomUUID()
const createGlobex = () =>
  togai.POST('/customers', {
    params: { header: { 'Idempotency-Key': key } },
    body: {
      id: 'globex',
      name: 'Globex Corporation',
      primaryEmail: 'billing@example.com',
      address: { city: 'Cypress Creek', country: 'US' },
    },
  })

for (const made of [await createGlobex(), await createGlobex()])
  console.log(made.response.status, answered(made).id, headerOf(made, 'Idempotency-Replayed'))

const taken = await togai.POST('/customers', {
  params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
  body: { id: 'globex', name: 'Another Globex', primaryEmail: 'another@example.com', address: {} },
})
if (taken.error) console.log(taken.response.status, taken.error.message)

type Address = components['schemas']['Address']

/** Makes of a customer's address what `change` makes of it. Where another writer came first, it is read and changed again. */
const changeAddress = async (customerId: string, change: (address: Address) => Address) => {
  let bookmark: string | undefined
  for (;;) {
    const read = await togai.GET('/customers/{customer_id}', {
      params: { path: { customer_id: customerId }, header: { 'X-D1-Bookmark': bookmark } },
    })
    const changed = await togai.PATCH('/customers/{customer_id}', {
      params: {
        path: { customer_id: customerId },
        header: { 'If-Match': headerOf(read, 'ETag'), 'Idempotency-Key': crypto.randomUUID() },
      },
      body: { address: change(answered(read).address) },
    })
    if (changed.response.status !== 412) return { bookmark: headerOf(changed, 'X-D1-Bookmark'), customer: answered(changed) }
    bookmark = headerOf(changed, 'X-D1-Bookmark')
  }
}

await Promise.all([
  changeAddress('globex', (address) => ({ ...address, line1: '1 Plant Road' })),
  changeAddress('globex', (address) => ({ ...address, postalCode: '97001' })),
])

const { bookmark } = await changeAddress('globex', (address) => ({ ...address, state: 'Oregon' }))
const seen = await togai.GET('/customers/{customer_id}', {
  params: { path: { customer_id: 'globex' }, header: { 'X-D1-Bookmark': bookmark } },
})
console.log(answered(seen).billingAddress)

for (const id of ['branch-1', 'branch-2', 'branch-3', 'branch-4', 'branch-5'])
  answered(
    await togai.POST('/customers', {
      params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
      body: { id, name: `Globex ${id}`, primaryEmail: `${id}@example.com`, address: {} },
    }),
  )

type CustomersQuery = NonNullable<paths['/customers']['get']['parameters']['query']>

/** Every customer that `query` asks for, a page at a time. */
async function* customers(query: CustomersQuery) {
  let nextToken: string | undefined
  do {
    const page = answered(await togai.GET('/customers', { params: { query: { ...query, nextToken } } }))
    yield* page.data
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}

for await (const { id } of customers({ _search: 'branch', _sort: 'id:ASC', pageSize: 2 })) console.log(id)

const tried = await togai.POST('/customers', {
  params: { query: { dry_run: true } },
  body: { id: 'initech', name: 'Initech', primaryEmail: 'billing@example.com', address: {} },
})
const absent = await togai.GET('/customers/{customer_id}', { params: { path: { customer_id: 'initech' } } })
console.log(tried.response.status, absent.response.status)

answered(
  await togai.POST('/event_schema', {
    params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
    body: { name: 'call', attributes: [{ name: 'minutes' }], dimensions: [{ name: 'country' }] },
  }),
)
answered(await togai.POST('/event_schema/{event_schema_name}/activate', { params: { path: { event_schema_name: 'call' } } }))
const { id: meterId } = answered(
  await togai.POST('/usage_meters', {
    params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
    body: {
      name: 'call_minutes',
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName: 'call',
      computations: [{ computation: JSON.stringify({ var: 'attributes.minutes' }), order: 1 }],
    },
  }),
)
answered(await togai.POST('/usage_meters/{usage_meter_id}/activate', { params: { path: { usage_meter_id: meterId } } }))

const calls = ['1.5', '20'].map((minutes, index) => ({
  id: `call-${index}`,
  schemaName: 'call',
  timestamp: '2027-01-15T10:41:00Z',
  accountId: 'globex',
  attributes: [{ name: 'minutes', value: minutes }],
  dimensions: { country: 'IT' },
}))

/** Sends events until they are there. The key is made before the first attempt, and is the same in each. */
const sendEvents = async (events: components['schemas']['Event'][]) =>
  togai.POST('/ingestBatch', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: { events } })

const kept = await sendEvents(calls)
console.log(kept.response.status, answered(kept).success)

const [call] = calls
if (call) {
  const next = await togai.POST('/ingest', { params: { query: { dry_run: true } }, body: { event: { ...call, id: 'call-2' } } })
  const { events } = answered(next).details as { events: { status: string; usageMeters: { name: string; units: number }[] }[] }
  for (const { status, usageMeters } of events) console.log(status, ...usageMeters.map(({ name, units }) => `${name} ${units}`))
}
