import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { root } from '../scripts/wrangler.ts'
import { openProxy } from './proxy.ts'

const LONGEST = 60_000
const HOUR = 3_600_000
const [ACCOUNTS, EVENTS] = [12, 1200]

type Json = Record<string, unknown>

interface Running {
  kill: () => void
  ended: Promise<{ code: number | null; output: string }>
}

/** Starts `npm run import` of a folder. */
const startImport = (url: string, folder: string, options: readonly string[] = [], token = 'dev-token'): Running => {
  const args = [join(root, 'scripts/run.js'), 'import', folder, '--url', url, ...options]
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, TOKEN: token }, timeout: LONGEST })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => child.on('close', (code) => resolve({ code, output })))
  return { kill: () => child.kill('SIGKILL'), ended }
}

/** A proxy that loses the answers to some requests, and refuses some for their number, before the first that follow get through. */
const openFaulty = (url: string) => {
  let count = 0
  return openProxy(url, () => {
    const turn = count++ % 11
    if (turn === 3)
      return { status: 429, headers: { 'Retry-After': '0', 'Content-Type': 'application/json' }, body: '{"message":"slower"}' }
    return turn === 7 ? 'ANSWER_IS_LOST' : undefined
  })
}

const readApi = async (url: string, path: string): Promise<{ status: number; body: Json }> => {
  const response = await fetch(url + path, { headers: { Authorization: 'Bearer dev-token' }, signal: AbortSignal.timeout(LONGEST) })
  return { status: response.status, body: (await response.json()) as Json }
}

/** Usage that JavaScript writes with an exponent, and usage that it would round. */
const UNUSUAL = ['0.0000001', '12345678901234567890.5']

/** A copy of the sample with events of the two hours before this one, and the usage that they add up to. */
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'togai-import-'))
  cpSync(join(root, 'test/data/import'), folder, { recursive: true })
  const from = Math.floor(Date.now() / HOUR) * HOUR - HOUR
  const events = Array.from({ length: EVENTS }, (_, index) => ({
    id: `moved-event-${index}`,
    schemaName: 'moved_bytes',
    timestamp: new Date(from + 1000 * index).toISOString(),
    accountId: index % 2 ? `moved-account-${(index % ACCOUNTS) + 1}` : `moved-alias-${(index % ACCOUNTS) + 1}`,
    attributes: [{ name: 'gigabytes', value: '0.1' }],
    dimensions: { region: 'eu' },
  }))
  const unusual = UNUSUAL.map((value, index) => ({
    id: `moved-unusual-${index}`,
    schemaName: 'moved_bytes',
    timestamp: new Date(from - HOUR).toISOString(),
    accountId: `moved-account-${index + 1}`,
    attributes: [{ name: 'gigabytes', value }],
    dimensions: { region: 'eu' },
  }))
  const usageOf = (accountId: string, hour: number, usage: string) => {
    const [first, last] = [new Date(hour).toISOString(), new Date(hour + HOUR).toISOString()]
    return { accountId, usageMeter: 'um.2aTogaiMet1.AbCdE', from: first, until: last, usage }
  }
  const usage = [
    usageOf('moved-account-1', from, String(EVENTS / ACCOUNTS / 10)),
    ...UNUSUAL.map((value, index) => usageOf(`moved-account-${index + 1}`, from - HOUR, value)),
  ]
  const write = (file: string, lines: readonly unknown[]): void =>
    writeFileSync(join(folder, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  write('events.ndjson', [...events, ...unusual])
  write('usage.ndjson', usage)
  return folder
}

/** What the import made, as the API shows it. */
const readState = async (url: string): Promise<unknown> => {
  const paths = [
    '/customers?_search=moved-&_sort=id:ASC&pageSize=100',
    '/price_plans?_search=Moved',
    '/accounts/moved-account-1/pricing_schedules',
    '/credits?account_id=moved-account-1',
    '/accounts/moved-account-2/wallet/entries',
    '/license_updates?account_id=moved-account-1',
  ]
  return Promise.all(
    paths.map(async (path) => {
      const { status, body } = await readApi(url, path)
      const data = body['data'] as unknown[] | undefined
      ok(status === 200 && data?.length, `${path} was answered ${status} ${JSON.stringify(body)}`)
      return data
    }),
  )
}

/** Kills an import while it makes customers. */
const killHalfWay = async (url: string, folder: string): Promise<void> => {
  const { kill, ended } = startImport(url, folder)
  const deadline = Date.now() + LONGEST
  while ((await readApi(url, '/customers/moved-1')).status !== 200) {
    ok(Date.now() < deadline, 'the import makes no customers')
    await wait(20)
  }
  kill()
  strictEqual((await ended).code, null, 'the import ended before it was killed')
}

const WRONG = [
  'event_schemas.ndjson:1 differs: attributes[0].name is "gigabytes" here and "terabytes" in the file',
  'event_schemas.ndjson:2 is refused: 400: name',
  'usage_meters.ndjson:1 is refused: 400: aggregation',
  'addons.ndjson:1 is refused: 400: type',
  'features.ndjson:1 is refused: 404: schemaAssociations[0].schemaName',
  'price_plans.ndjson:1 is refused: 400: pricePlanDetails',
  'customers.ndjson:1 differs: name is "Moved customer 1" here and "Another name" in the file',
  'customers.ndjson:2 is refused: it is no JSON object',
  'customers.ndjson:3 is refused: 400: address',
  'accounts.ndjson:1 is refused: 404: customerId',
  'price_plan_associations.ndjson:1 is refused: 404: The price plan "pp.nothing"',
  'license_updates.ndjson:1 is refused: 400: licenseId',
  'credits.ndjson:1 is refused: 400: creditRequests[0].priority',
  'wallet_topups.ndjson:1 is refused: 400: topupAmount',
  'events.ndjson:1 is refused: 400: events[0]: timestamp',
  'events.ndjson:2 is refused: an event without an id would be counted again by the next run',
  'usage.ndjson:1 moved-account-1 used 0 moved_gigabytes here and 1 in the file',
  'usage.ndjson:2 must have accountId, usageMeter, from, until and usage',
]

/**
 * Imports a folder, killed half way and run again over a connection that fails, and then once more; then one with a wrong line of each kind, of which each is told, a dry run of the
 * first, which writes nothing, and one whose token is not known.
 */
export const holdImport = async (url: string): Promise<void> => {
  const folder = makeFolder()
  const faulty = await openFaulty(url)
  try {
    const dry = await startImport(url, folder, ['--dry-run']).ended
    strictEqual(dry.code, 0, dry.output)
    match(dry.output, /customers\.ndjson: 12 made, 0 there, 0 differ, 0 refused, 0 waiting/)
    strictEqual((await readApi(url, '/customers/moved-1')).status, 404, 'a dry run made a customer')
    await killHalfWay(url, folder)
    const whole = await startImport(faulty.url, folder).ended
    strictEqual(whole.code, 0, whole.output)
    match(whole.output, /Nothing differs/)
    match(whole.output, /usage\.ndjson: 3 sums compared/)
    const state = await readState(url)
    const again = await startImport(url, folder).ended
    strictEqual(again.code, 0, again.output)
    const lines = again.output.split('\n').filter((one) => one.includes(' made, '))
    strictEqual(lines.length, whole.output.split('\n').filter((one) => one.includes(' made, ')).length)
    ok(lines.length > 5, again.output)
    for (const line of lines) match(line, / 0 made, [1-9]\d* there, 0 differ, 0 refused/)
    deepStrictEqual(await readState(url), state, 'a second run changed something')
    rmSync(folder, { recursive: true })
    cpSync(join(root, 'test/data/import_wrong'), folder, { recursive: true })
    const wrong = await startImport(url, folder).ended
    strictEqual(wrong.code, 1, wrong.output)
    for (const line of WRONG) ok(wrong.output.includes(line), `the import does not say\n${line}\nbut\n${wrong.output}`)
    deepStrictEqual(await readState(url), state, 'wrong lines changed something')
    for (const file of readdirSync(folder)) if (file !== 'events.ndjson') rmSync(join(folder, file))
    const stopped = await startImport(url, folder, [], 'no-token').ended
    strictEqual(stopped.code, 2, stopped.output)
    match(stopped.output, /The import stopped: 401: /)
  } finally {
    faulty.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
