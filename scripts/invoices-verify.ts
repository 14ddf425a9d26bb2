import { parseArgs } from 'node:util'
import { fail } from './wrangler.ts'

const USAGE = 'Usage: TOKEN=… npm run invoices:verify [-- --url http://127.0.0.1:8787] [--owner ID]'

const parsed = () => {
  try {
    return parseArgs({ options: { url: { type: 'string', default: 'http://127.0.0.1:8787' }, owner: { type: 'string' } } }).values
  } catch {
    return fail(USAGE)
  }
}
const { url: given, owner } = parsed()
const url = given.replace(/\/+$/, '')
const token = process.env['TOKEN'] ?? fail(USAGE)

interface Verified {
  invoiceId: string
  sequenceId?: string
  ownerId: string
  isReckoned: boolean
  differences: string[]
}

/** The most attempts of a request that is refused because there are too many. */
const ATTEMPTS = 20

const readPage = async (query: URLSearchParams): Promise<{ data: Verified[]; nextToken?: string }> => {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${url}/invoice_verifications?${query.toString()}`, {
      headers: { authorization: `Bearer ${token}` },
    }).catch(() => fail(`${url} cannot be reached.`))
    if (response.ok) return (await response.json()) as { data: Verified[]; nextToken?: string }
    const { message = response.statusText } = (await response.json().catch(() => ({}))) as { message?: string }
    if ((response.status !== 429 && response.status !== 503) || attempt === ATTEMPTS) fail(`${response.status}: ${message}`)
    await new Promise((done) => setTimeout(done, 1000 * Number(response.headers.get('retry-after') ?? 1)))
  }
}

let [count, differing, summed] = [0, 0, 0]
let nextToken: string | undefined
do {
  const query: URLSearchParams = new URLSearchParams(nextToken ? { nextToken } : { pageSize: '20', ...(owner && { owner_id: owner }) })
  const page = await readPage(query)
  for (const { invoiceId, sequenceId = '', ownerId, isReckoned, differences } of page.data) {
    count++
    if (!isReckoned) summed++
    if (!differences.length) continue
    differing++
    console.log(`${invoiceId} ${sequenceId} of ${ownerId}`)
    for (const what of differences) console.log(`  ${what}`)
  }
  nextToken = page.nextToken
} while (nextToken)
console.log(
  `Invoices: ${count} that fell due, ${count - differing} as they were${summed ? `, of which ${summed} could only be added up` : ''}.`,
)
if (differing) fail(`${differing} invoices are not as they were, see above.`)
