import { setTimeout as wait } from 'node:timers/promises'
import { execute, migrateLocal, quoted } from '../../scripts/wrangler.ts'

/** How many customers there are, each with an account, and how many events beside those of the sample business. */
const [CUSTOMERS, EVENTS] = [100_000, 800_000]
/** How many of the accounts have events, and which of them each eighth is of. */
const USED = 2000
export const LARGE = 'big-000000'
const PART_OF_LARGE = 8
/** One of so many events is of an account that does not exist, and one of a schema that does not. */
const PART_UNPROCESSED = 50
const LINES = 50
const [BATCH, TOGETHER] = [1000, 4]
const ORGANIZATION = 'org.sample'
export const TOKEN = 'sample-token'

const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' }

const writeKey = (prefix: string): string => `format('${prefix}.0VQ%08d.%05d', n, n % 99999)`
const writeNumbers = (from: number) =>
  `WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${from + 10_000})`

/** Plants customers and their accounts, as an import would have left them. */
export const plantCustomers = async (state: string): Promise<void> => {
  await migrateLocal(state)
  const at = Date.parse('2026-07-01T00:00:00Z')
  const statements = [
    `INSERT INTO organizations (id, name, created_at) VALUES (${quoted(ORGANIZATION)}, 'Sample business', ${at}) ON CONFLICT DO NOTHING`,
  ]
  for (let from = 0; from < CUSTOMERS; from += 10_000)
    statements.push(
      `INSERT INTO customers (togai_customer_id, organization_id, id, name, primary_email, address, status, created_at, updated_at, id_folded, name_folded, primary_email_folded)
       ${writeNumbers(from)} SELECT ${writeKey('customer')}, ${quoted(ORGANIZATION)}, format('big-%06d', n), 'Big customer ' || n, 'big' || n || '@example.com',
         json_object('city', 'Florence', 'country', 'US'), 'ACTIVE', ${at} + n, ${at} + n, format('big-%06d', n), 'big customer ' || n, 'big' || n || '@example.com' FROM numbers`,
      `INSERT INTO accounts (togai_account_id, organization_id, togai_customer_id, customer_id, id, name, invoice_currency, address, primary_email, status, created_at, updated_at, id_folded, name_folded, primary_email_folded)
       ${writeNumbers(from)} SELECT ${writeKey('account')}, ${quoted(ORGANIZATION)}, ${writeKey('customer')}, format('big-%06d', n), format('big-%06d', n), 'Big customer ' || n, 'USD',
         json_object('city', 'Florence', 'country', 'US'), 'big' || n || '@example.com', 'ACTIVE', ${at} + n, ${at} + n, format('big-%06d', n), 'big customer ' || n, 'big' || n || '@example.com' FROM numbers`,
    )
  await execute({ remote: undefined, directory: state }, statements)
}

/** Sends the events. One account has each eighth of them, and some are not processed. */
export const sendEvents = async (url: string): Promise<void> => {
  const from = Date.parse('2026-09-01T00:00:00Z')
  const eventOf = (at: number) => ({
    id: `big-${at}`,
    schemaName: at % PART_UNPROCESSED === 1 ? 'document_lost' : 'document_read',
    accountId:
      at % PART_UNPROCESSED === 2 ? `nobody-${at % 9}` : at % PART_OF_LARGE === 0 ? LARGE : `big-${String(at % USED).padStart(6, '0')}`,
    timestamp: new Date(from + ((at * 7919) % (58 * 24 * 60)) * 60_000).toISOString(),
    attributes: [
      { name: 'pages', value: String((at % 9) + 1) },
      { name: 'characters', value: String((at % 9) * 1700 + 900) },
    ],
    dimensions: { kind: 'letter', region: 'eu-west' },
  })
  let next = 0
  const work = async (): Promise<void> => {
    while (next < EVENTS) {
      const start = next
      next += BATCH
      const body = JSON.stringify({ events: Array.from({ length: BATCH }, (_, at) => eventOf(start + at)) })
      for (;;) {
        const response = await fetch(`${url}/ingestBatch`, { method: 'POST', headers, body })
        if (response.status === 202) break
        if (!response.headers.has('Retry-After')) throw new Error(`POST /ingestBatch answered ${response.status} ${await response.text()}`)
        await wait(1000)
      }
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, work))
}

const postBody = async (url: string, path: string, body: object): Promise<string> => {
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  const answer = (await response.json()) as { id?: string }
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status} ${JSON.stringify(answer)}`)
  return answer.id ?? ''
}

/** Gives the account with most events a price plan. */
export const givePlan = async (url: string): Promise<void> => {
  const { data } = (await (await fetch(`${url}/price_plans`, { headers })).json()) as { data: { id: string; name: string }[] }
  const pricePlanId = data.find(({ name }) => name === 'Growth')?.id
  await postBody(url, `/accounts/${LARGE}/price_plans`, { pricePlanId, effectiveFrom: '2026-10-01', effectiveUntil: '9999-01-01' })
}

/** Makes an invoice with as many lines as an invoice of written lines can have. Gives its id. */
export const writeInvoice = (url: string): Promise<string> =>
  postBody(url, '/invoices', {
    accountId: LARGE,
    status: 'DUE',
    startDate: '2026-09-01T00:00:00Z',
    endDate: '2026-10-01T00:00:00Z',
    lineItems: Array.from({ length: LINES }, (_, at) => ({
      id: `line-${at}`,
      description: `Line ${at}`,
      quantity: at + 1,
      valuePerQuantity: 1.25,
    })),
  })
