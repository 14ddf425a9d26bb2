import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { holdImport } from './import.ts'
import { STATUS, readLedgers } from './ledgers.ts'
import { isShown, listBlocks } from './pages.ts'
import { openProxy } from './proxy.ts'
import { startServer } from './server.ts'
import { holdSession } from './session.ts'
import { holdWebhooks } from './webhooks.ts'
import { fail, root } from '../scripts/wrangler.ts'

/** How long the commands, or the program, may take, in milliseconds. */
const LONGEST = 25_000
const SEPARATOR = '--- the next command ---'

const started = Date.now()
const exec = promisify(execFile)
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const page = read('docs/clients.md')

const blocks = listBlocks(page)
const blocksOf = (language: string) => blocks.filter((block) => block.language === language)

/** Parses an answer as curl prints it: the status line, the headers and the body. */
const answerIn = (text: string) => {
  const [head = '', body = ''] = text.split('\n\n')
  const [status = '', ...lines] = head.split('\n')
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/)).map(([name = '', value]) => [name.toLowerCase(), value]))
  return { status, headers, body: body && (JSON.parse(body) as unknown) }
}

const holdAnswer = (shown: string, printed: string): void => {
  const [expected, actual] = [answerIn(shown), answerIn(printed)]
  const headers = Object.keys(expected.headers).every((name) => isShown(expected.headers[name], actual.headers[name]))
  ok(expected.status === actual.status && headers && isShown(expected.body, actual.body), `the page shows\n${shown}\nand not\n${printed}`)
}

/** Runs the commands of the page in one shell, and compares their output with the page. */
const holdCommands = async (url: string): Promise<void> => {
  const commands = blocksOf('bash')
  ok(
    commands.some(({ next }) => next?.language === 'http') && commands.some(({ next }) => next?.language === 'text'),
    'docs/clients.md shows no answers',
  )
  const script = commands.map(({ text }) => text.replaceAll('http://localhost:8787', url)).join(`\necho; echo '${SEPARATOR}'\n`)
  const { stdout } = await exec('bash', ['-euo', 'pipefail', '-c', script], { timeout: LONGEST })
  const printed = stdout.replaceAll('\r', '').split(SEPARATOR)
  for (const [index, { next }] of commands.entries()) {
    const said = printed[index]?.trim() ?? ''
    if (next?.language === 'http') holdAnswer(next.text, said)
    if (next?.language === 'text') strictEqual(said, next.text)
  }
}

/** A proxy that loses the answer to the first update and answers the first list with 503. */
const openUnreliable = async (url: string) => {
  const faults = new Set(['PATCH', 'list'])
  const proxy = await openProxy(url, (method, path) => {
    if (faults.delete(method)) return 'ANSWER_IS_LOST'
    return path.startsWith('/customers?') && faults.delete('list') ? { status: 503, headers: { 'Retry-After': '1' } } : undefined
  })
  return { ...proxy, faults }
}

/** Runs the program of the page through a proxy that forces retries, and compares its output with the page. */
const holdProgram = async (url: string): Promise<void> => {
  const file = 'docs/clients/example.ts'
  const program = blocksOf('ts')
  strictEqual(`${program.map(({ text }) => text).join('\n\n')}\n`, read(file), `the TypeScript of the page is not ${file}`)
  const way = await openUnreliable(url)
  try {
    const env = { ...process.env, TOGAI_URL: way.url }
    const { stdout } = await exec(process.execPath, [join(root, file)], { timeout: LONGEST, env })
    strictEqual(stdout.trim(), program.at(-1)?.next?.text)
    strictEqual(way.faults.size, 0, `${[...way.faults].join()} did not fail`)
  } finally {
    way.close()
  }
}

interface FirstPage {
  request: Record<string, unknown> & { account: Record<string, unknown> & { aliases: string[] } }
  answer: Record<string, unknown> & { account: Record<string, unknown> }
}

/** Checks that an answer has all fields of Togai's example and the values that were sent. The example itself has made-up ids and another account. */
const holdCustomer = ({ request, answer: shown }: FirstPage, answer: FirstPage['answer']): void => {
  const { aliases, ...account } = request.account
  for (const field of Object.keys(shown)) ok(field in answer, `the answer has no ${field}`)
  for (const field of Object.keys(shown.account)) ok(field in answer.account, `the answer has no account.${field}`)
  const { togaiCustomerId, billingAddress, account: made, ...customer } = answer
  deepStrictEqual({ ...customer, account: undefined }, { ...request, account: undefined })
  strictEqual(billingAddress, '2281 Broadway Street, G-31, 29501, Florence, South Carolina, US')
  match(String(togaiCustomerId), /^customer\.\w{11}\.\w{5}$/)
  const { togaiAccountId, ...rest } = made
  match(String(togaiAccountId), /^account\.\w{11}\.\w{5}$/)
  const held = aliases.map((alias) => ({ alias, status: 'ACTIVE' }))
  deepStrictEqual(rest, { ...account, customerId: request['id'], togaiCustomerId, status: 'ACTIVE', aliases: held })
}

/** Sends the first request of Togai's documentation, and compares the answer with its page. */
const holdFirstPage = async (url: string): Promise<void> => {
  const first = JSON.parse(read('test/data/create-a-customer.json')) as FirstPage
  const call = async (path: string, body?: unknown) => {
    const headers = { Authorization: 'Bearer dev-token', 'Content-Type': 'application/json' }
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(LONGEST), ...sent })
    return { status: response.status, answer: (await response.json()) as FirstPage['answer'] }
  }
  const { status, answer } = await call('/customers', first.request)
  strictEqual(status, 201, `POST /customers answered ${status} ${JSON.stringify(answer)}`)
  holdCustomer(first, answer)
  strictEqual((await call('/customers', first.request)).status, 409, 'the same customer was taken twice')
  deepStrictEqual((await call(`/accounts/${String(first.request.account['id'])}`)).answer, answer.account)
}

/** Finds the curl commands in the output of a terminal. */
const commandsIn = (output: string): string[] => output.match(/^curl (?:.*\\\n)*.*$/gm) ?? []

/** Runs a curl command in a shell, and returns its output with the status of the answer. */
const runCurl = async (command: string): Promise<string> =>
  (await exec('bash', ['-c', command.replace(/^curl/, "curl -sS -w ' %{http_code}'")], { timeout: LONGEST })).stdout

/** Runs the commands that `npm run dev` prints, and sends the event twice with two ids. Both must be counted once. */
const holdPrinted = async ({ state, readOutput }: Awaited<ReturnType<typeof startServer>>): Promise<void> => {
  const commands = commandsIn(readOutput())
  const [customer = '', event = ''] = commands
  strictEqual(commands.length, 2, `npm run dev prints ${commands.length} commands`)
  /** docs/clients.md creates this customer too. */
  match(await runCurl(customer.replace('"acme"', '"printed"')), / 201$/)
  strictEqual(await runCurl(event), '{"success":true} 202')
  strictEqual(await runCurl(event), '{"success":true} 202')
  const copy = join(state, 'copy')
  const { events: kept, past, rules } = readLedgers(state, copy)
  rmSync(copy, { recursive: true })
  const meters = kept.map((one) => rules.get(one.rules ?? '')?.meters.map(([, , name]) => name))
  const shown = kept.map(({ account, status, units }, at) => ({ account, status, units, meters: meters[at] }))
  const counted = { account: '=sample-account', status: STATUS.METERED, units: '["12.5"]', meters: ['sample_megabytes'] }
  deepStrictEqual({ events: shown, past }, { events: [counted, counted], past: [] })
  const [, events = ''] = /^List the events with their status: (curl .*)$/m.exec(readOutput()) ?? []
  strictEqual((await runCurl(events)).match(/"status":"INGESTION_COMPLETED_EVENT_METERED"/g)?.length, 2)
}

/** Waits until the cron of `npm run dev` has sealed the audit log, and checks that it prints nothing to the server's log. */
const holdCron = async (url: string, readOutput: () => string): Promise<void> => {
  const isSealed = async (): Promise<boolean> => {
    const response = await fetch(`${url}/audit_log?pageSize=100`, { headers: { Authorization: 'Bearer dev-token' } })
    const { data } = (await response.json()) as { data: { hash?: string }[] }
    return data.length > 0 && data.every(({ hash }) => hash)
  }
  const deadline = Date.now() + LONGEST
  while (!(await isSealed())) {
    ok(Date.now() < deadline, 'npm run dev does not seal the audit log')
    await wait(200)
  }
  const [line] = /^.*scheduled.*$/im.exec(readOutput()) ?? []
  strictEqual(line, undefined, `the cron says in the log: ${line}`)
}

const { dependencies, devDependencies } = JSON.parse(read('docs/clients/package.json')) as Record<string, Record<string, string>>
for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
  if (!page.includes(`${name}@${version}`) && !read('docs/webhooks.md').includes(`${name}@${version}`))
    fail(`Client: neither docs/clients.md nor docs/webhooks.md says ${name}@${version}`)

const server = await startServer()
let wrong: string | undefined
try {
  await server.ready
  await holdPrinted(server)
  await holdFirstPage(server.url)
  await holdSession(read('docs/first_invoice.md'), server)
  await holdCommands(server.url)
  await holdProgram(server.url)
  await holdImport(server.url)
  await holdWebhooks(server.url)
  await holdCron(server.url, server.readOutput)
} catch (error) {
  wrong = error instanceof Error ? error.message : String(error)
} finally {
  await server.stop()
}
const took = Date.now() - started
if (wrong) fail(`Client: ${wrong}`)
console.log(
  `Client: what npm run dev prints to be pasted, the first request of Togai's own page, the session of docs/first_invoice.md from a customer to an invoice, ${blocksOf('bash').length} blocks of curl and the program of docs/clients.md do as the pages say, the receiver of docs/webhooks.md takes each event once, receivers that fail in every way harm no other, a folder is imported as docs/moving.md says, also after a kill and again, and the cron seals the audit log, in ${(took / 1000).toFixed(1)} s`,
)
