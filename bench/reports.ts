import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, root } from '../scripts/wrangler.ts'
import { startBenchmark } from './benchmark.ts'
import { serveAccounts } from './billed_accounts.ts'

const ROWS = 100_000
/** The heap in which the largest reports must be made, in MB: a Worker on Cloudflare has 128, of which code and buffers take a part. */
const MOST_HEAP = 80
/** In seconds, and runs of the cron. */
const MOST_TIME = 60

const directory = startBenchmark('Bench of reports', 600_000)
const { server, worker, DB, ask, makeOrganization } = await serveAccounts(directory)

const statusOf = (pid: string): Record<string, string> | undefined => {
  try {
    return Object.fromEntries(
      readFileSync(`/proc/${pid}/status`, 'utf8')
        .split('\n')
        .map((line) => line.split(/:\s+/) as [string, string]),
    )
  } catch {
    return undefined
  }
}

const isOurs = (pid: string): boolean => {
  const { PPid } = statusOf(pid) ?? {}
  return PPid === String(process.pid) || (PPid !== undefined && PPid !== '0' && isOurs(PPid))
}

/** The processes of workerd that this one has started. Only Linux says what memory they take. */
const processes =
  process.platform === 'linux'
    ? readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && statusOf(pid)?.['Name'] === 'workerd' && isOurs(pid))
    : []

/** The memory that they take, or the most that they have taken, in MB. */
const readMemory = (name: 'VmRSS' | 'VmHWM'): number =>
  processes.reduce((sum, pid) => sum + Number.parseInt(statusOf(pid)?.[name] ?? '0', 10) / 1024, 0)

/** Lets the most memory that they have taken be what they take now. */
const forgetPeak = (): void => {
  for (const pid of processes) writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

const organization = await makeOrganization()
await DB.prepare("INSERT INTO customers VALUES ('c', ?, 'C', 'Customer', 'a@example.com', '{}', 'ACTIVE', 0, 0, 1, '', '', '')")
  .bind(organization.id)
  .run()
for (let from = 0; from < ROWS; from += 10_000)
  await DB.prepare(
    `INSERT INTO accounts (togai_account_id, organization_id, togai_customer_id, customer_id, id, name, invoice_currency, status,
       created_at, updated_at, invoice_currency_given, version, id_folded, name_folded)
     WITH RECURSIVE numbers (value) AS (SELECT ?2 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?2 + 9999)
     SELECT ?1 || value, ?1, 'c', 'C', printf('account-%06d', value), printf('%06d Ünïted Example Company of %d', (value * 7919) % 100000, value), 'USD', 'ACTIVE', value, 0, 0, 1, '', ''
     FROM numbers`,
  )
    .bind(organization.id, from)
    .run()

interface Load {
  name: string
  queryInput: object
}

const column = (columnName: string, more: object = {}) => ({ columnName, ...more })
const sort = [{ column: column('name'), sortOrder: 'ASC' }]
const wide = ['a', 'b', 'c', 'd'].map((alias) => column('name', { alias }))

const LOADS: Load[] = [
  { name: 'in the order of reading', queryInput: { selects: ['account_id', 'name', 'created_at'].map((one) => column(one)), sort: [] } },
  {
    name: 'sorted',
    queryInput: { selects: ['account_id', 'name', 'created_at', 'customer_id', 'invoice_currency'].map((one) => column(one)), sort },
  },
  { name: 'sorted, wide', queryInput: { selects: [column('account_id'), ...wide], sort } },
  {
    name: 'in 50,000 groups',
    queryInput: {
      selects: [column('name'), column('account_id', { aggregator: 'count' })],
      sort: [{ column: column('account_id', { aggregator: 'max' }), sortOrder: 'DESC' }],
      queryFilters: [{ column: column('account_id'), operator: 'lt', args: ['account-050000'] }],
    },
  },
]

const faults: string[] = []
console.log(
  `${'100,000 accounts'.padEnd(28)}${'MB'.padStart(8)}${'seconds'.padStart(10)}${'runs'.padStart(8)}${'peak, MB more'.padStart(16)}`,
)
for (const { name, queryInput } of LOADS) {
  const before = readMemory('VmRSS')
  forgetPeak()
  const start = performance.now()
  const { id } = await ask(organization.token, '/reports', { name, queryInput: { baseDataSource: 'accounts', limit: ROWS, ...queryInput } })
  let runs = 0
  let report: Record<string, unknown>
  do {
    await worker.scheduled({ scheduledTime: new Date(Date.now() + 1000), cron: '* * * * *' })
    runs++
    report = await ask(organization.token, `/reports/${String(id)}`, undefined, 'GET')
  } while (!report['fileId'] && report['status'] !== 'FAILED' && runs < MOST_TIME)
  const seconds = (performance.now() - start) / 1000
  const memory = Math.max(0, readMemory('VmHWM') - before)
  if (!report['fileId']) fail(`Bench of reports: ${name}: ${String(report['failureReason'] ?? report['status'])}`)
  const text = await (await fetch(String(report['preSignedUrl']))).text()
  const lines = text.split('\r\n').length - 2
  if (lines !== (name.includes('groups') ? ROWS / 2 : ROWS)) faults.push(`${name}: has ${lines} rows`)
  if (seconds > MOST_TIME) faults.push(`${name}: took ${seconds.toFixed(0)} s, of ${MOST_TIME} s at most`)
  console.log(
    `${name.padEnd(28)}${(text.length / 2 ** 20).toFixed(1).padStart(8)}${seconds.toFixed(1).padStart(10)}${String(runs).padStart(8)}${(processes.length ? memory.toFixed(0) : '-').padStart(16)}`,
  )
}
await server.close()

/** The most rows and groups, made in a process of their own: V8 ends it if its heap does not suffice. */
for (const kind of ['rows', 'groups'])
  for (const width of ['narrow', 'wide']) {
    const limits = [`--max-old-space-size=${MOST_HEAP}`, '--max-semi-space-size=4']
    const { status, stdout } = spawnSync(process.execPath, [...limits, join(root, 'bench/reports_memory.ts'), kind, width], {
      encoding: 'utf8',
    })
    if (status === 0) console.log(`${kind}, ${width}: ${stdout.trim()}, in a heap of ${MOST_HEAP} MB`)
    else faults.push(`${kind}, ${width}: did not fit into a heap of ${MOST_HEAP} MB`)
  }
if (faults.length) fail(`Bench of reports: ${faults.join('; ')}`)
process.exit()
