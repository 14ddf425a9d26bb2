import { spawn } from 'node:child_process'
import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto'
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type AuditRow, type Seal, verifyChain } from '../src/access/audit/chain.ts'
import { fail, fault, migrateLocal, quiet, root, run } from '../scripts/wrangler.ts'
import { readCredits } from './ledgers.ts'
import { openReceiver } from './torture_arrivals.ts'
import { BILLED, openBillingLoad } from './torture_billing.ts'
import { EVENTS_ORGANIZATION, LICENSE, isSettled, openEventLoad } from './torture_events.ts'
import { FEATURES_ORGANIZATION, USED, openFeatureLoad } from './torture_features.ts'
import { BILLING_ORGANIZATION } from './torture_invoices.ts'
import { openWebhookLoad } from './torture_webhooks.ts'

const KILLS = 10
const CLIENTS = 32
/** In milliseconds: the run, an answer or a start, the work before a kill at least, and how soon the events that waited are processed. */
const [MOST, PATIENCE, LEAST_WORK, SETTLED] = [260_000, 20_000, 1000, 60_000]
/** The kill comes this long after the test clock began to move, at most, in milliseconds: then invoices are being made. */
const LONGEST_MOVE = 300
/** What is left to the end of a run, in milliseconds. It takes longer where an event was in progress at the last kill: that is taken up after 20 seconds. */
const LAST = 10_000

const started = Date.now()
const [option = '--seconds', value = '150', ...others] = process.argv.slice(2)
const seconds = Number(value)
if (option !== '--seconds' || others.length || !(seconds >= 45 && seconds <= 180))
  fail('Usage: npm run torture -- [--seconds 150], which may be 45 to 180')

/** The directory for all files, since killed processes leave theirs behind. */
const directory = mkdtempSync(join(tmpdir(), 'torture-'))
const [worker, state, copy, ledgers] = ['worker', 'state', 'copy', 'ledgers'].map((part) => join(directory, part)) as [
  string,
  string,
  string,
  string,
]
const databases = join(state, 'v3/d1/miniflare-D1DatabaseObject')
Object.assign(process.env, quiet, { X_LOCAL_EXPLORER: 'false', TMPDIR: directory, XDG_CONFIG_HOME: directory })

type Shown = Record<string, unknown>

/** A customer, an account or a setting, as its only client knows it. */
interface Resource {
  type: 'CUSTOMER' | 'ACCOUNT' | 'SETTING'
  id: string
  /** Its content. Undefined until it is created. */
  shown?: Shown | undefined
  /** Its content before the last change. */
  before?: Shown | undefined
  tag?: string | undefined
  /** A change for each of its versions, and the request that made it, unless the answer to that was lost. */
  history: { operationId: string; key: string; requestId: string | undefined }[]
}
/** A resource and its new content. */
type Effect = [Resource, Shown]

interface Client {
  number: number
  token: string
  resources: Set<Resource>
  /** Aliases that move from one account to another. */
  freed: string[]
  last?: [Write, Answer]
  /** The write that got no answer because the server was killed. It may have been made or not. */
  lost?: Write | undefined
}

const clients = Array.from({ length: CLIENTS }, (_, number): Client => {
  return { number, token: randomBytes(32).toString('base64url'), resources: new Set(), freed: [] }
})
const [reader] = clients as [Client]
const counts = { requests: 0, slowed: 0, acknowledged: 0, lost: 0, made: 0, replayed: 0, sealed: 0, unsealed: 0 }
const server = { url: '', killed: true, kill: (): void => {}, ended: Promise.resolve() }

function must(holds: unknown, wrong: string): asserts holds {
  if (!holds) throw new Error(wrong)
}

const pick = <Item>(items: readonly Item[]): Item | undefined => items[items.length && randomInt(items.length)]
const json = (what: unknown): string => JSON.stringify(what) ?? 'nothing'
const nameOf = ({ type, id }: Pick<Resource, 'type' | 'id'>): string => `${type} ${id}`
const pathOf = ({ type, id }: Resource): string => `/${type.toLowerCase()}s/${id}`
const isArchived = ({ shown }: Resource): boolean => shown?.['status'] === 'ARCHIVED'
const listed = (names: Iterable<string>): string => [...names].slice(0, 3).join(', ')

/** Says what is wrong with the content of a resource. An answer may show only a part of it. */
const difference = (right: Shown | undefined, seen: Shown | undefined, part = false): string | undefined => {
  if (!right || !seen) return right === seen ? undefined : right ? 'it is missing' : 'it is there'
  const field = Object.keys(right).find((name) => (name in seen || !part) && !isDeepStrictEqual(right[name], seen[name]))
  return field && `its ${field} is ${json(seen[field])} and not ${json(right[field])}`
}

interface Answer {
  status: number
  body: Shown
  tag: string | undefined
  replayed: boolean
  requestId: string
}

/** Sends a request, and repeats it after a 429. Returns no answer if the server is killed in the meantime. Some requests may be refused. */
const send = async (
  client: Pick<Client, 'token' | 'last' | 'lost'>,
  request: Pick<Write, 'method' | 'path'> & Partial<Write> & { refusals?: readonly number[] },
): Promise<Answer | undefined> => {
  const { method, path, body, headers, refusals = [] } = request
  const authorized = { Authorization: `Bearer ${client.token}`, 'Content-Type': 'application/json', ...headers }
  const init = { method, headers: authorized, signal: AbortSignal.timeout(PATIENCE), ...(body && { body: json(body) }) }
  counts.requests++
  const response = await fetch(server.url + path, init).catch(() => undefined)
  if (response?.status === 429) {
    counts.slowed++
    await wait(1000 * Number(response.headers.get('Retry-After')))
    return send(client, request)
  }
  const answer = (await response?.json().catch(() => undefined)) as Shown | undefined
  const isAnswered = answer && response && (response.ok || refusals.includes(response.status))
  if (server.killed && !isAnswered) return undefined
  const [after] = client.last ?? []
  const when =
    client.lost === request ? ', sent again since its answer was lost,' : after === request ? ', sent again after its answer,' : ''
  must(isAnswered, `${method} ${path}${when} was answered ${response?.status ?? ''} ${json(answer)}`)
  const [tag, replayed, requestId] = ['ETag', 'Idempotency-Replayed', 'X-Request-Id'].map((name) => response.headers.get(name))
  if (replayed) counts.replayed++
  return { status: response.status, body: answer, tag: tag?.slice(1, -1), replayed: replayed === 'true', requestId: requestId ?? '' }
}

/** The senders of events, which use an organization of their own. */
const sender = { token: randomBytes(32).toString('base64url') }
const load = openEventLoad(
  (request) => send(sender, request),
  () => server.killed,
)

/** The clients of billing, which have an organization of their own with a test clock. */
const biller = { token: randomBytes(32).toString('base64url') }
const billing = openBillingLoad(
  (request) => send(biller, request),
  () => server.killed,
)

/** The ones who want webhooks, alerts and reports, in the organization of billing, and the receiver of the webhooks. */
const listener = { token: randomBytes(32).toString('base64url') }
const receiver = await openReceiver()
const webhooks = openWebhookLoad(
  (request) => send(listener, request),
  () => server.killed,
  receiver,
)

/** The users of features, which have an organization of their own. */
const user = { token: randomBytes(32).toString('base64url') }
const features = openFeatureLoad(
  (request) => send(user, request),
  () => server.killed,
)
const isOfOtherLoad = (id: string): boolean => id.startsWith(BILLED) || id.startsWith(USED)

const readList = async (path: string, filter = ''): Promise<Shown[]> => {
  const items: Shown[] = []
  for (let query: string | undefined = `pageSize=100${filter}`; query;) {
    const page = (await send(reader, { method: 'GET', path: `${path}?${query}` }))?.body as { data: Shown[]; nextToken?: string }
    items.push(...page.data)
    query = page.nextToken && `nextToken=${encodeURIComponent(page.nextToken)}`
  }
  return items
}

const settingId = ({ namespace, id, entityType, entityId }: Shown): string => ['setting', namespace, id, entityType, entityId].join('.')

/** Every customer, account and setting, by its name. */
const readAll = async (): Promise<Map<string, Shown>> => {
  const all = async (type: Resource['type'], path: string, filter = '', idOf = ({ id }: Shown) => String(id)) =>
    (await readList(path, filter)).map((one): [string, Shown] => [nameOf({ type, id: idOf(one) }), one])
  const both = (type: Resource['type'], path: string) => [all(type, path), all(type, path, '&status=ARCHIVED')]
  const lists = [...both('CUSTOMER', '/customers'), ...both('ACCOUNT', '/accounts'), all('SETTING', '/settings', '', settingId)]
  return new Map((await Promise.all(lists)).flat())
}

let named = 0
const newName = (kind: string): string => `${kind}-${++named}`
const areHeld = (aliases: readonly string[]) => aliases.map((alias) => ({ alias, status: 'ACTIVE' }))
const someAliases = ({ freed }: Client): string[] =>
  Array.from({ length: randomInt(1, 3) }, () => (randomInt(2) && freed.pop()) || newName('alias'))

const unmade = (type: Resource['type'], id: string): Resource => ({ type, id, history: [] })

/** Two settings for a new customer or account, and their expected content. */
const makeSettings = (entityType: string, entityId: string) => {
  const settings = ['A', 'B'].map((id) => ({ id, value: newName(id), namespace: 'USER', name: `Setting ${id}`, dataType: 'STRING' }))
  const made = settings.map((setting) => ({ ...setting, entityType, entityId }))
  return { settings, effects: made.map((one): Effect => [unmade('SETTING', settingId(one)), one]) }
}

/** The request for a new account, and its expected content. */
const makeAccount = (client: Client, customerId: string) => {
  const aliases = someAliases(client)
  const id = newName('account')
  const { settings, effects } = makeSettings('ACCOUNT', id)
  const sent = { id, name: newName('Account'), status: pick(['ACTIVE', 'DRAFT']), settings }
  const shown = { ...sent, customerId, invoiceCurrency: 'USD', aliases: areHeld(aliases) }
  return { sent: { ...sent, aliases }, effects: [[unmade('ACCOUNT', id), shown], ...effects] as Effect[] }
}

/** A write under a new key, which may depend on the version that the client knows. Its answer shows the first resource. */
const ask = (operationId: string, method: string, path: string, body: Shown | undefined, ...effects: Effect[]) => {
  const [key, tag] = [randomUUID(), effects[0]?.[0].tag]
  const headers: Record<string, string> = { 'Idempotency-Key': key, ...(tag && randomInt(2) && { 'If-Match': `"${tag}"` }) }
  return { operationId, method, path, body, headers, key, effects }
}
type Write = ReturnType<typeof ask>

const update = (of: Resource, operationId: string, fields: Shown) =>
  ask(operationId, 'PATCH', pathOf(of), fields, [of, { ...of.shown, ...fields }])
const archive = (of: Resource, operationId: string, fields: Shown) =>
  ask(operationId, 'DELETE', pathOf(of), undefined, [of, { ...of.shown, ...fields, status: 'ARCHIVED' }])
const restore = (of: Resource, operationId: string) => ask(operationId, 'POST', `${pathOf(of)}/restore`, undefined, [of, of.before ?? {}])

/** Chooses a write that is possible now. */
const chooseWrite = (client: Client): Write => {
  const all = [...client.resources]
  const customer = pick(all.filter(({ type }) => type === 'CUSTOMER'))
  const accounts = all.filter(({ shown }) => shown?.['customerId'] === customer?.id)
  const account = pick(accounts)
  if (!customer || !account || !randomInt(5)) {
    const id = newName('customer')
    const { settings, effects } = makeSettings('CUSTOMER', id)
    const first = makeAccount(client, id)
    const fields = { id, name: newName('Customer'), primaryEmail: 'a@example.com', address: {} }
    const effect: Effect = [unmade('CUSTOMER', id), { ...fields, status: 'ACTIVE' }]
    return ask('createCustomer', 'POST', '/customers', { ...fields, settings, account: first.sent }, effect, ...first.effects, ...effects)
  }
  if (isArchived(customer)) return restore(customer, 'restoreCustomer')
  if (accounts.every(isArchived) && randomInt(2)) return archive(customer, 'deleteCustomer', {})
  if (accounts.length < 3 && !randomInt(5)) {
    const { sent, effects } = makeAccount(client, customer.id)
    return ask('createAccount', 'POST', '/accounts', { ...sent, customerId: customer.id }, ...effects)
  }
  if (!randomInt(5)) return update(customer, 'updateCustomer', { name: newName('Customer'), address: { city: newName('City') } })
  if (isArchived(account)) return restore(account, 'restoreAccount')
  const held = account.shown?.['aliases'] as ReturnType<typeof areHeld>
  const alias = (operationId: string, path: string, aliases: string[], after: typeof held) =>
    ask(operationId, 'POST', `${pathOf(account)}/${path}`, { aliases }, [account, { ...account.shown, aliases: after }])
  const [gone, kind] = [pick(held), randomInt(4)]
  const left = held.filter((one) => one !== gone)
  if (kind === 0) return archive(account, 'deleteAccount', { aliases: [] })
  if (kind === 1 && gone) return alias('removeAliases', 'remove_aliases', [gone.alias], left)
  if (kind > 1 || held.length > 7) return update(account, 'updateAccount', { name: newName('Account'), tags: [newName('tag')] })
  const aliases = someAliases(client)
  return alias('addAliases', 'add_aliases', aliases, [...held, ...areHeld(aliases)])
}

/** Checks the answer to a write, and stores the new content of its resources. */
const note = (client: Client, write: Write, answer: Answer): void => {
  const { operationId, key, effects } = write
  for (const [index, [resource, shown]] of effects.entries()) {
    const [seen, tag] = index ? [answer.body['account'] as Shown | undefined] : [answer.body, answer.tag]
    const wrong = index < 2 && seen && difference(shown, seen, true)
    must(!wrong, `${operationId} of ${nameOf(resource)} was not answered as asked: ${wrong}`)
    client.resources.add(resource)
    Object.assign(resource, { shown, before: resource.shown, tag })
    const version = resource.history.push({ operationId, key, requestId: answer.replayed ? undefined : answer.requestId })
    must(index || Number.parseInt(tag ?? '', 10) === version, `change ${version} of ${nameOf(resource)} was answered with the ETag ${tag}`)
  }
  if (operationId === 'removeAliases') client.freed.push(...(write.body?.['aliases'] as string[]))
  client.last = [write, answer]
  counts.acknowledged++
}

const makeWrite = async (client: Client): Promise<void> => {
  const write = chooseWrite(client)
  const answer = await send(client, write)
  must(!answer?.replayed, `${write.operationId} under the new key ${write.key} was answered as a repetition`)
  if (answer) note(client, write, answer)
  else client.lost = write
}

/** Repeats an answered request, and checks that the answer is the same. */
const repeat = async (client: Client): Promise<void> => {
  const [write, first] = client.last ?? []
  const again = write && (await send(client, write))
  if (!again) return
  const wrong = difference(first?.body, again.body)
  const right = again.replayed && again.tag === first?.tag && !wrong
  const said = `${again.replayed ? '' : 'not '}as a repetition, with the ETag ${again.tag} after ${first?.tag}${wrong ? `; ${wrong}` : ''}`
  must(right, `${write.operationId} under the key ${write.key}, sent again after its answer, was answered ${said}`)
}

/** Reads a resource of the client, and checks its content. */
const readBack = async (client: Client, resource = pick([...client.resources])): Promise<void> => {
  const seen = resource && (await send(client, { method: 'GET', path: pathOf(resource) }))
  if (!seen) return
  const wrong = difference(resource.shown, seen.body, true)
  must(!wrong, `${nameOf(resource)} is not as was told: ${wrong}`)
  const { tag = seen.tag, history } = resource
  const right = seen.tag === tag && Number.parseInt(tag ?? '', 10) === history.length
  must(right, `${nameOf(resource)} has the ETag ${seen.tag} after ${history.length} changes, of which the last was answered with ${tag}`)
}

/** Some clients wait between their requests, so that a kill meets them at different steps. */
const work = async (client: Client): Promise<void> => {
  for (; !server.killed; await wait(randomInt(10 * client.number + 1)))
    await (pick([makeWrite, makeWrite, makeWrite, makeWrite, readBack, repeat]) ?? makeWrite)(client)
}

/** Runs the cron, as at a time that can be given, in milliseconds. */
const seal = async (at?: number): Promise<void> => {
  const path = `/cdn-cgi/local/scheduled${at === undefined ? '' : `?time=${at}`}`
  const answer = await fetch(server.url + path, { signal: AbortSignal.timeout(PATIENCE) }).catch(() => undefined)
  must(answer?.ok || server.killed, `the audit log could not be sealed: ${answer?.status ?? 'there was no answer'}`)
}
const keepSealing = async (): Promise<void> => {
  for (; !server.killed; await wait(randomInt(200))) await seal()
}

/** The resources of a client, and their content if its unanswered write was made. */
const owned = ({ resources, lost }: Client): [Resource, Shown | undefined][] => {
  const changed = new Map(lost?.effects)
  return [...new Set([...resources, ...changed.keys()])].map((resource) => [resource, changed.get(resource)])
}

const openIn = (parent: string): DatabaseSync =>
  new DatabaseSync(join(parent, readdirSync(parent).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? 'none'))

/**
 * Looks into the files that a kill left, of which it takes a copy at once, since only the server is to mend them. The chain of the audit
 * log holds, and each change of a resource is there with its entry in the log, its version and its key, or is not there at all.
 */
const inspect = async (isEnd = false): Promise<void> => {
  cpSync(databases, copy, { recursive: true })
  const keptEvents = load.hold(state, ledgers, isOfOtherLoad, isEnd)
  features.hold(readCredits(state, ledgers), keptEvents, isEnd)
  const database = openIn(copy)
  const all = <Row>(query: string) => database.prepare(query).all() as Row[]
  const damage = [...all('PRAGMA integrity_check'), ...all('PRAGMA foreign_key_check')]
  must(json(damage) === '[{"integrity_check":"ok"}]', `the database is damaged: ${json(damage.slice(0, 3))}`)
  billing.hold(database, keptEvents, isEnd)
  const billed = { ...keptEvents, events: keptEvents.events.filter(({ id }) => id.startsWith(BILLED)) }
  webhooks.hold(database, billed, billing.acknowledged, isEnd ? billing.readClock() : undefined)
  const rows = all<AuditRow>(
    `SELECT organization_id AS organizationId, sequence, at, token_id AS tokenId, role, operation_id AS operationId,
      resource_type AS resourceType, resource_id AS resourceId, request_id AS requestId, changes, hash, salt, digests FROM audit_log WHERE organization_id = 'org.torture' ORDER BY sequence`,
  )
  const [last] = all<Seal>(
    "SELECT organization_id AS organizationId, sequence, hash FROM audit_seals WHERE organization_id = 'org.torture'",
  )
  const kept = new Set(all<{ key: string }>("SELECT key FROM idempotency_keys WHERE organization_id = 'org.torture'").map(({ key }) => key))
  const made = all<{ name: string; version: number }>(
    `SELECT name, version FROM (
      SELECT organization_id, 'CUSTOMER ' || id AS name, version FROM customers UNION ALL SELECT organization_id, 'ACCOUNT ' || id, version FROM accounts
      UNION ALL SELECT organization_id, 'SETTING ' || id_string, version FROM settings
    ) WHERE organization_id = 'org.torture'`,
  )
  database.close()

  const { sealed, unsealed, faults } = await verifyChain(rows, last)
  must(!faults.length, `the audit log does not verify: ${listed(faults)}`)
  must(rows.at(-1)?.sequence === (rows.length || undefined), `the audit log has ${rows.length} rows, and ends at ${rows.at(-1)?.sequence}`)
  must(rows.filter(({ hash }) => hash !== null).length === sealed, 'the audit log has hashes after its seal')
  Object.assign(counts, { sealed, unsealed })

  const log = Map.groupBy(rows, ({ resourceType, resourceId }) => `${resourceType} ${resourceId}`)
  const versions = new Map(made.map(({ name, version }) => [name, version]))
  for (const client of clients) {
    const { lost } = client
    const isMade = lost && kept.has(lost.key)
    for (const [resource, after] of owned(client)) {
      const name = nameOf(resource)
      const changes = after && isMade ? [...resource.history, { ...lost, requestId: undefined }] : resource.history
      const right = changes.map(({ operationId, requestId }) => `${operationId} ${requestId ?? ''}`)
      const entries = log.get(name) ?? []
      const found = entries.map(({ operationId, requestId }, at) => `${operationId} ${changes[at]?.requestId ? requestId : ''}`)
      const [version = 0, unkept] = [versions.get(name), changes.find(({ key }) => !kept.has(key))]
      const then = after ? `, then maybe by ${lost?.operationId}, whose key is ${isMade ? '' : 'not '}kept` : ''
      const what = `${name} was changed ${resource.history.length} times${then}`
      const counted = version === changes.length && entries.length === changes.length
      must(counted, `${what}: it is of version ${version}, and the audit log has ${entries.length} entries of it`)
      const odd = right.findIndex((one, at) => one !== found[at])
      must(odd < 0, `${what}: change ${odd + 1} is ${right[odd]}, and in the audit log ${found[odd]}`)
      must(!unkept, `${what}: the answer to ${unkept?.operationId} is not kept under the key ${unkept?.key}`)
      log.delete(name)
      versions.delete(name)
    }
    if (lost) kept.delete(lost.key)
  }
  must(!log.size && !versions.size, `there is what nobody made: ${listed([...log.keys(), ...versions.keys()])}`)
  must(kept.size === counts.acknowledged, `${counts.acknowledged} writes were acknowledged, and ${kept.size} answers are kept`)
}

/** Repeats a write whose answer was lost, and checks that it is made once. */
const settle = async (client: Client, lost: Write, isMade: boolean): Promise<void> => {
  const answer = await send(client, lost)
  const said = `${lost.operationId} under the key ${lost.key} had ${isMade ? '' : 'not '}been made when its answer was lost`
  must(answer?.replayed === isMade, `${said}, and was ${isMade ? 'not ' : ''}answered as a repetition`)
  client.lost = undefined
  counts.lost++
  if (isMade) counts.made++
  note(client, lost, answer)
  const changed = lost.effects.map(async ([resource]) => {
    if (resource.type === 'SETTING') return
    await readBack(client, resource)
    const { length } = await readList('/audit_log', `&resource_type=${resource.type}&resource_id=${resource.id}`)
    const right = resource.history.length
    must(length === right, `${said}; after ${right} changes of ${nameOf(resource)} the audit log shows ${length}`)
  })
  await Promise.all(changed)
}

/** Reads everything after a start, and checks that it is as the clients know it. An unanswered write may have been made or not. */
const recover = async (): Promise<void> => {
  const found = await readAll()
  const settled = clients.map(async (client) => {
    const made = new Set<boolean>()
    for (const [resource, after] of owned(client)) {
      const name = nameOf(resource)
      const seen = found.get(name)
      const [before, wrong] = [difference(resource.shown, seen), after && difference(after, seen)]
      const isMade = after !== undefined && !wrong
      const nor = wrong ? `, nor as ${client.lost?.operationId} makes it: ${wrong}` : ''
      must(isMade || !before, `${name} is not as was told: ${before}${nor}`)
      if (after) made.add(isMade)
      found.delete(name)
    }
    must(made.size < 2, `${client.lost?.operationId} under the key ${client.lost?.key} was made in part`)
    if (client.lost) await settle(client, client.lost, made.has(true))
    await repeat(client)
  })
  await Promise.all(settled)
  must(!found.size, `there is what nobody made: ${listed(found.keys())}`)
}

/** Starts the Worker that was built, in a group of processes that are killed together. */
const serve = async (): Promise<void> => {
  const config = ['--config', join(worker, 'wrangler.toml'), '--env-file', join(worker, '.env'), '--persist-to', state]
  const args = [
    'dev',
    join(worker, 'index.js'),
    '--no-bundle',
    ...config,
    '--ip',
    '127.0.0.1',
    '--port',
    '0',
    '--inspector-port',
    '0',
    '--var',
    'TEST_CLOCK:on',
    '--var',
    'WEBHOOK_LOCAL:on',
  ]
  const command = [join(root, 'node_modules/wrangler/bin/wrangler.js'), ...args]
  const child = spawn(process.execPath, command, { cwd: worker, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  server.kill = () => {
    Object.assign(server, { killed: true, kill: () => {} })
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  server.ended = new Promise((resolve) => {
    child.on('close', () => resolve(void (server.kill = () => {})))
  })
  let output = ''
  server.url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-5000)
      const [, url] = /Ready on (http:\S+)/.exec(output) ?? []
      if (url) resolve(url)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('close', () => reject(new Error(`wrangler dev ended: ${fault(output)}`)))
    setTimeout(() => reject(new Error(`wrangler dev did not serve within ${PATIENCE / 1000} s: ${fault(output)}`)), PATIENCE).unref()
  })
  server.killed = false
}

/** Builds the Worker, once, and makes its database, with a token for each client. */
const prepare = async (): Promise<void> => {
  const built = await run(['deploy', '--dry-run', '--outdir', worker])
  must(built.ok, `the Worker does not build: ${fault(built.output)}`)
  copyFileSync(join(root, 'wrangler.toml'), join(worker, 'wrangler.toml'))
  cpSync(join(root, 'public'), join(worker, 'public'), { recursive: true })
  writeFileSync(join(worker, '.env'), `SIGNING_SECRET=${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  await migrateLocal(state)
  const database = openIn(databases)
  database.exec(`INSERT INTO organizations (id, name, created_at) VALUES ('org.torture', 'Torture', ${started})`)
  database.exec(`INSERT INTO organizations (id, name, created_at) VALUES ('${EVENTS_ORGANIZATION}', 'Events', ${started})`)
  database.exec(`INSERT INTO organizations (id, name, created_at) VALUES ('${BILLING_ORGANIZATION}', 'Billing', ${started})`)
  database.exec(`INSERT INTO organizations (id, name, created_at) VALUES ('${FEATURES_ORGANIZATION}', 'Features', ${started})`)
  database.exec(`INSERT INTO named_licenses VALUES ('${EVENTS_ORGANIZATION}', '${LICENSE}')`)
  const insert = database.prepare(
    `INSERT INTO tokens (id, organization_id, name, hash, created_at) VALUES (?, ?, 'Torture', ?, ${started})`,
  )
  const add = (id: string, organizationId: string, token: string): unknown =>
    insert.run(id, organizationId, createHash('sha256').update(token).digest('hex'))
  for (const { number, token } of clients) add(`token.${number}`, 'org.torture', token)
  add('token.events', EVENTS_ORGANIZATION, sender.token)
  add('token.billing', BILLING_ORGANIZATION, biller.token)
  add('token.listener', BILLING_ORGANIZATION, listener.token)
  add('token.features', FEATURES_ORGANIZATION, user.token)
  database.close()
}

const figure = (count: number): string => count.toLocaleString('en')
const since = (from: number): string => `${((Date.now() - from) / 1000).toFixed(1)} s`

/** Runs the cron until everything that the kills interrupted is settled. Returns how long it took, in milliseconds. */
const settleEvents = async (): Promise<number> => {
  await Promise.all([load.settle(), features.settle()])
  const from = Date.now()
  for (; !isSettled(state, ledgers); await wait(1000)) {
    must(Date.now() - from < SETTLED, `events still wait or are in progress after ${SETTLED / 1000} s`)
    await seal()
  }
  return Date.now() - from
}

const torture = async (): Promise<void> => {
  await prepare()
  await serve()
  const prepareBilling = async (): Promise<void> => {
    await webhooks.prepare()
    await billing.prepare()
    await webhooks.prepareAlerts()
  }
  await Promise.all([load.prepare(), prepareBilling(), features.prepare()])
  let pause = 3000
  for (let kill = 1; kill <= KILLS; kill++) {
    const left = started + 1000 * seconds - LAST - Date.now() - pause
    const time = (left / (KILLS - kill + 1) - pause) * (0.5 + Math.random())
    const loads = [...load.work(), ...webhooks.work(billing.readClock()), ...billing.work(), ...features.work()]
    const working = Promise.all([...clients.map(work), ...loads, keepSealing()])
    await Promise.race([working, wait(Math.max(LEAST_WORK, time))])
    await Promise.race([working, billing.awaitMove(), wait(LEAST_WORK)])
    await wait(randomInt(LONGEST_MOVE))
    const at = Date.now()
    server.kill()
    await Promise.all([working, server.ended])
    await receiver.noteKill(at)
    await Promise.all([inspect(), serve()])
    const { acknowledged, sealed, unsealed, lost, made } = counts
    await recover()
    pause = Date.now() - at
    const answers = `${counts.lost - lost} answers lost to writes, ${counts.made - made} of which were made`
    const rows = `${figure(sealed)} rows of the audit log sealed, ${figure(unsealed)} not`
    console.log(`Kill ${kill}: ${figure(acknowledged)} writes acknowledged so far, ${answers}; ${rows}; all is right after ${since(at)}`)
  }
  const [settled] = await Promise.all([settleEvents(), billing.settle()])
  const from = Date.now()
  await webhooks.settle(seal)
  console.log(`Webhooks: all reports are made and all deliveries have arrived after ${since(from)}, the time of the cron being moved on`)
  await seal()
  server.kill()
  await server.ended
  await inspect(true)
  console.log(`Events: all that waited or were in progress are settled after ${(settled / 1000).toFixed(1)} s`)
  must(counts.unsealed === 0, `${counts.unsealed} rows of the audit log were not sealed by the last sealing`)
}

let wrong: string | undefined
process.on('exit', () => {
  server.kill()
  receiver.stop()
  if (!wrong) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})
const stop = (why: string): never => fail(`Torture: ${why}`)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop('it was stopped'))
/** npm does not tell its scripts when it is stopped. */
const parent = process.ppid
setInterval(() => process.ppid !== parent && stop('it was left alone'), 500).unref()
setTimeout(() => stop(`it took longer than ${MOST / 1000} s`), MOST).unref()

try {
  await torture()
} catch (error) {
  wrong = error instanceof Error ? error.message : String(error)
}
receiver.stop()
if (wrong) stop(`${wrong}. The database is left in ${directory}`)
const { requests, slowed, acknowledged, lost, made, replayed, sealed, unsealed } = counts
const [events, bills, uses, tells] = [load.counts, billing.counts, features.counts, webhooks.counts]
console.log(`Torture: in ${KILLS} kills nothing was lost, halved or made twice.
${figure(requests)} requests, ${figure(slowed)} of them slowed down; ${figure(acknowledged)} writes acknowledged; ${figure(lost)} answers lost to writes, ${figure(made)} of which were made;
${figure(events.acknowledged)} events acknowledged in ${figure(events.ingested)} requests, ${figure(events.lost)} of which were sent again after a kill; ${figure(events.kept)} repeats kept; ${figure(events.waited)} accounts made after their events;
${figure(bills.billed)} invoices fell due in ${bills.days} days of a test clock; ${figure(bills.changed)} were given another status, and ${figure(bills.lost)} answers to that were lost;
${figure(uses.passed)} events passed that need credits of a feature, and ${figure(uses.refused)} were refused; ${figure(uses.lost)} requests of that kind were sent again after a kill; ${figure(uses.takes)} takes of the credits of ${uses.accounts} accounts, ${figure(uses.back)} of which gave back;
${figure(tells.told)} events told to two endpoints, in ${figure(tells.tries)} tries; ${figure(tells.made)} customers and accounts made; ${tells.incidents} incidents; ${tells.reports} reports with ${figure(tells.rows)} rows;
${figure(replayed)} answers given again; ${figure(sealed)} rows of the audit log sealed, ${unsealed} not; it took ${since(started)}`)
