import createClient from 'openapi-fetch'
import type { components, paths } from './togai.d.ts'

const { TOGAI_URL = 'http://localhost:8787', TOGAI_TOKEN = 'dev-token' } = process.env

const MAX_ATTEMPTS = 5

/** Sends a request, and repeats it if it gets no answer, a 5xx, or an answer with Retry-After. A write is repeated only if it has a key. */
const fetchWithRetries = async (request: Request): Promise<Response> => {
  const repeatable = request.method === 'GET' || request.headers.has('Idempotency-Key')
  for (let attempt = 1; ; attempt++) {
    const isLast = !repeatable || attempt === MAX_ATTEMPTS
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

const togai = createClient<paths>({ baseUrl: TOGAI_URL, headers: { Authorization: `Bearer ${TOGAI_TOKEN}` }, fetch: fetchWithRetries })

interface Answer<Data> {
  data?: Data
  error?: components['schemas']['ErrorResponse']
  response: Response
}

/** Returns the data of an answer, or throws its refusal. */
const unwrap = <Data>({ data, error, response }: Answer<Data>): Data => {
  if (data === undefined) throw new Error(`${response.status} ${error?.message ?? response.statusText}`)
  return data
}

const readHeader = ({ response }: { response: Response }, name: string): string | undefined => response.headers.get(name) ?? undefined

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
  console.log(made.response.status, unwrap(made).id, readHeader(made, 'Idempotency-Replayed'))

const taken = await togai.POST('/customers', {
  params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
  body: { id: 'globex', name: 'Another Globex', primaryEmail: 'another@example.com', address: {} },
})
if (taken.error) console.log(taken.response.status, taken.error.message)

type Address = components['schemas']['Address']

/** Changes a customer's address. If another client has updated the customer since it was read, it reads and changes the address again. */
const changeAddress = async (customerId: string, change: (address: Address) => Address) => {
  let bookmark: string | undefined
  for (;;) {
    const read = await togai.GET('/customers/{customer_id}', {
      params: { path: { customer_id: customerId }, header: { 'X-D1-Bookmark': bookmark } },
    })
    const changed = await togai.PATCH('/customers/{customer_id}', {
      params: {
        path: { customer_id: customerId },
        header: { 'If-Match': readHeader(read, 'ETag'), 'Idempotency-Key': crypto.randomUUID() },
      },
      body: { address: change(unwrap(read).address) },
    })
    if (changed.response.status !== 412) return { bookmark: readHeader(changed, 'X-D1-Bookmark'), customer: unwrap(changed) }
    bookmark = readHeader(changed, 'X-D1-Bookmark')
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
console.log(unwrap(seen).billingAddress)

for (const id of ['branch-1', 'branch-2', 'branch-3', 'branch-4', 'branch-5'])
  unwrap(
    await togai.POST('/customers', {
      params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
      body: { id, name: `Globex ${id}`, primaryEmail: `${id}@example.com`, address: {} },
    }),
  )

type CustomersQuery = NonNullable<paths['/customers']['get']['parameters']['query']>

/** Reads all customers that match a query, page by page. */
async function* readCustomers(query: CustomersQuery) {
  let nextToken: string | undefined
  do {
    const page = unwrap(await togai.GET('/customers', { params: { query: { ...query, nextToken } } }))
    yield* page.data
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}

for await (const { id } of readCustomers({ _search: 'branch', _sort: 'id:ASC', pageSize: 2 })) console.log(id)

const tried = await togai.POST('/customers', {
  params: { query: { dry_run: true } },
  body: { id: 'initech', name: 'Initech', primaryEmail: 'billing@example.com', address: {} },
})
const absent = await togai.GET('/customers/{customer_id}', { params: { path: { customer_id: 'initech' } } })
console.log(tried.response.status, absent.response.status)

unwrap(
  await togai.POST('/event_schema', {
    params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
    body: { name: 'call', attributes: [{ name: 'minutes' }], dimensions: [{ name: 'country' }] },
  }),
)
unwrap(await togai.POST('/event_schema/{event_schema_name}/activate', { params: { path: { event_schema_name: 'call' } } }))
const { id: meterId } = unwrap(
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
unwrap(await togai.POST('/usage_meters/{usage_meter_id}/activate', { params: { path: { usage_meter_id: meterId } } }))

const calls = ['1.5', '20'].map((minutes, index) => ({
  id: `call-${index}`,
  schemaName: 'call',
  timestamp: '2027-01-15T10:41:00Z',
  accountId: 'globex',
  attributes: [{ name: 'minutes', value: minutes }],
  dimensions: { country: 'IT' },
}))

/** Sends a batch of events. All attempts have the same key. */
const sendEvents = async (events: components['schemas']['Event'][]) =>
  togai.POST('/ingestBatch', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: { events } })

const kept = await sendEvents(calls)
console.log(kept.response.status, unwrap(kept).success)

const [call] = calls
if (call) {
  const next = await togai.POST('/ingest', { params: { query: { dry_run: true } }, body: { event: { ...call, id: 'call-2' } } })
  const { events } = unwrap(next).details as { events: { status: string; usageMeters: { name: string; units: number }[] }[] }
  for (const { status, usageMeters } of events) console.log(status, ...usageMeters.map(({ name, units }) => `${name} ${units}`))
}
