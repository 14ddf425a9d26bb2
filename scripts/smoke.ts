import { AssertionError, deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from './server.ts'
import { fail, root } from './wrangler.ts'

const LONGEST = 20_000

interface Page {
  request: Record<string, unknown> & { account: Record<string, unknown> & { aliases: string[] } }
  answer: Record<string, unknown> & { account: Record<string, unknown> }
}

const started = Date.now()
const page = JSON.parse(readFileSync(join(root, 'test/data/create-a-customer.json'), 'utf8')) as Page
const server = await serve()

const call = async (path: string, body?: unknown) => {
  const response = await fetch(`${server.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: 'Bearer dev-token', 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, answer: (await response.json()) as Page['answer'] }
}

/** The page's answer is an example: its ids of ours are made up, and its account is not the one sent. Ours has what was sent in the same places. */
const holdAgainstThePage = (answer: Page['answer']): void => {
  const { request, answer: shown } = page
  const { aliases, ...account } = request.account
  for (const field of Object.keys(shown)) strictEqual(field in answer, true, `the answer has no ${field}`)
  for (const field of Object.keys(shown.account)) strictEqual(field in answer.account, true, `the answer has no account.${field}`)
  deepStrictEqual(
    { ...answer, account: undefined, togaiCustomerId: undefined, billingAddress: undefined },
    {
      ...request,
      account: undefined,
      togaiCustomerId: undefined,
      billingAddress: undefined,
    },
  )
  strictEqual(answer['billingAddress'], '2281 Broadway Street, G-31, 29501, Florence, South Carolina, US')
  match(String(answer['togaiCustomerId']), /^customer\.\w{11}\.\w{5}$/)
  match(String(answer.account['togaiAccountId']), /^account\.\w{11}\.\w{5}$/)
  deepStrictEqual(
    { ...answer.account, togaiAccountId: undefined },
    {
      ...account,
      togaiAccountId: undefined,
      customerId: request['id'],
      togaiCustomerId: answer['togaiCustomerId'],
      status: 'ACTIVE',
      aliases: aliases.map((alias) => ({ alias, status: 'ACTIVE' })),
    },
  )
}

let wrong: string | undefined
try {
  await server.ready
  const created = await call('/customers', page.request)
  strictEqual(created.status, 201, `POST /customers answered ${created.status} ${JSON.stringify(created.answer)}`)
  holdAgainstThePage(created.answer)
  strictEqual((await call('/customers', page.request)).status, 409, 'the same customer was taken twice')
  const read = await call(`/accounts/${encodeURIComponent(String(page.request.account['id']))}`)
  deepStrictEqual(read.answer, created.answer.account)
} catch (error) {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  wrong =
    error instanceof AssertionError && error.generatedMessage
      ? `the answer is not what the page says: ${JSON.stringify(error.actual)}`
      : first
} finally {
  await server.stop()
}
const took = Date.now() - started
if (wrong) fail(`Smoke: ${wrong}. Start it by hand with npm run dev to see more.`)
if (took > LONGEST) fail(`Smoke: it took ${took / 1000} s, and should take less than ${LONGEST / 1000} s`)
console.log(`Smoke: the page's request is answered as the page says, in ${(took / 1000).toFixed(1)} s`)
