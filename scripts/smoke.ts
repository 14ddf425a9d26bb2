import { AssertionError, deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail, fault, root } from './wrangler.ts'

const LONGEST = 20_000

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

interface Page {
  request: Record<string, unknown> & { account: Record<string, unknown> & { aliases: string[] } }
  answer: Record<string, unknown> & { account: Record<string, unknown> }
}

const started = Date.now()
const page = JSON.parse(readFileSync(join(root, 'test/data/create-a-customer.json'), 'utf8')) as Page
const state = mkdtempSync(join(tmpdir(), 'smoke-'))
const port = await freePort()
const server = spawn(process.execPath, [join(root, 'scripts/dev.ts'), '--port', String(port), '--persist-to', state], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'pipe'],
})
const ended = new Promise((resolve) => server.on('close', resolve))

let output = ''

/** Resolves when the server says that it serves. */
const ready = new Promise<void>((resolve, reject) => {
  const read = (chunk: Buffer): void => {
    output += chunk.toString()
    if (output.includes('Serving on')) resolve()
  }
  server.stdout.on('data', read)
  server.stderr.on('data', read)
  server.on('close', () => reject(new Error(fault(output))))
  setTimeout(() => reject(new Error(`it did not serve within ${LONGEST / 1000} s: ${fault(output)}`)), LONGEST).unref()
})

const call = async (path: string, body?: unknown) => {
  const response = await fetch(`http://localhost:${port}${path}`, {
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

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill('SIGTERM'))

let wrong: string | undefined
try {
  await ready
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
  server.kill('SIGTERM')
  await ended
  rmSync(state, { recursive: true, force: true })
}
const took = Date.now() - started
if (wrong) fail(`Smoke: ${wrong}. Start it by hand with npm run dev to see more.`)
if (took > LONGEST) fail(`Smoke: it took ${took / 1000} s, and should take less than ${LONGEST / 1000} s`)
console.log(`Smoke: the page's request is answered as the page says, in ${(took / 1000).toFixed(1)} s`)
