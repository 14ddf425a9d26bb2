import { randomUUID } from 'node:crypto'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { type FakeWorker, Refused, addVersion, formOf, noWorker, showSettings } from './fake_workers.ts'

interface Database {
  uuid: string
  name: string
  place: string | undefined
  sqlite: DatabaseSync
}

interface Bucket {
  name: string
  place: string | undefined
}

/** A call of the API. `writes` says whether it changes something, and `done` whether it was executed. */
export interface Call {
  method: string
  path: string
  writes: boolean
  done: boolean
}

/** An error that the API answers instead of executing a call, once or always. `asks` is a part of the call's body. */
export interface Trouble {
  method: string
  path: RegExp
  asks?: string
  once?: true
  status: number
  code: number
  message: string
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A token of the assets API. Wrangler reads the part between its dots. */
const ticket = (): string => `fake.${Buffer.from(JSON.stringify({ exp: 4_102_444_800 })).toString('base64url')}.fake`

const stateOf = (sqlite: DatabaseSync): string =>
  JSON.stringify(sqlite.prepare('SELECT total_changes() AS changes, schema_version FROM pragma_schema_version').get())

/** Runs statements in a transaction, as D1 does. Returns whether they changed anything. */
const query = (sqlite: DatabaseSync, sql: string): { results: object[]; changed: boolean } => {
  const before = stateOf(sqlite)
  const results: object[] = []
  sqlite.exec('BEGIN; PRAGMA defer_foreign_keys = on')
  try {
    for (let left = sql; ;) {
      left = left.replace(/^(?:\s|;|--[^\n]*(?:\n|$))+/, '')
      if (!left) break
      const statement = sqlite.prepare(left)
      results.push({ results: statement.all(), success: true, meta: { duration: 0, changes: 0 } })
      left = left.slice(statement.sourceSQL.length)
    }
    sqlite.exec('COMMIT')
  } catch (error) {
    sqlite.exec('ROLLBACK')
    throw new Refused(400, 7500, `${(error as Error).message}: SQLITE_ERROR`)
  }
  return { results, changed: stateOf(sqlite) !== before }
}

/** Serves the part of Cloudflare's API that a deployment uses, for an empty account, on a local port. */
export const fakeCloudflare = async (account: string) => {
  const databases: Database[] = []
  const buckets: Bucket[] = []
  const workers = new Map<string, FakeWorker>()
  const assets = new Set<string>()
  const calls: Call[] = []
  const troubles: Trouble[] = []
  const accounts = [{ id: account, name: 'Fake' }]
  let subdomain: string | undefined

  const workerOf = (name: string | undefined): FakeWorker => workers.get(name ?? '') ?? noWorker()

  const databaseOf = (key: string | undefined): Database => {
    const found = databases.find(({ uuid, name }) => uuid === key || name === key)
    if (!found) throw new Refused(404, 7404, `The database ${key} could not be found`)
    return found
  }

  type Handler = (parts: string[], asked: { request: IncomingMessage; body: Buffer; json: () => unknown }) => unknown

  const routes: [method: string, path: RegExp, handler: Handler][] = [
    ['GET', /^\/accounts$/, () => accounts],
    ['GET', /^\/d1\/database\/([^/]+)$/, ([key]) => ({ uuid: databaseOf(key).uuid, name: databaseOf(key).name })],
    [
      'POST',
      /^\/d1\/database$/,
      (_, { json }) => {
        const { name, primary_location_hint, jurisdiction } = json() as {
          name: string
          primary_location_hint?: string
          jurisdiction?: string
        }
        if (databases.some((database) => database.name === name)) throw new Refused(400, 7502, 'A database with that name already exists')
        const sqlite = new DatabaseSync(':memory:')
        const made = { uuid: randomUUID(), name, place: jurisdiction ?? primary_location_hint, sqlite }
        databases.push(made)
        return { uuid: made.uuid, name }
      },
    ],
    ['POST', /^\/d1\/database\/([^/]+)\/query$/, ([key], { json }) => query(databaseOf(key).sqlite, (json() as { sql: string }).sql)],
    [
      'GET',
      /^\/r2\/buckets\/([^/]+)$/,
      ([name]) => {
        const found = buckets.find((bucket) => bucket.name === name)
        if (!found) throw new Refused(404, 10006, 'The specified bucket does not exist.')
        return found
      },
    ],
    [
      'POST',
      /^\/r2\/buckets$/,
      (_, { request, json }) => {
        const { name, locationHint } = json() as { name: string; locationHint?: string }
        if (buckets.some((bucket) => bucket.name === name)) throw new Refused(409, 10004, 'The bucket you tried to create already exists')
        const jurisdiction = request.headers['cf-r2-jurisdiction']
        buckets.push({ name, place: typeof jurisdiction === 'string' ? jurisdiction : locationHint })
        return { name }
      },
    ],
    [
      'GET',
      /^\/workers\/services\/([^/]+)$/,
      ([name]) => ({
        default_environment: {
          environment: 'production',
          script: { tag: 'fake', tags: workerOf(name).tags, last_deployed_from: 'wrangler' },
        },
      }),
    ],
    [
      'GET',
      /^\/workers\/workers\/([^/]+)$/,
      ([name]) => ({ subdomain: { enabled: workerOf(name).enabled, previews_enabled: workerOf(name).enabled } }),
    ],
    [
      'GET',
      /^\/workers\/subdomain$/,
      () => {
        if (subdomain === undefined) throw new Refused(404, 10007, 'This account has no subdomain.')
        return { subdomain }
      },
    ],
    [
      'PUT',
      /^\/workers\/subdomain$/,
      (_, { json }) => {
        subdomain = (json() as { subdomain: string }).subdomain
        return { subdomain }
      },
    ],
    ['GET', /^\/workers\/scripts\/([^/]+)\/settings$/, ([name]) => showSettings(workerOf(name))],
    ['GET', /^\/workers\/scripts\/([^/]+)\/script-settings$/, ([name]) => showSettings(workerOf(name))],
    [
      'PATCH',
      /^\/workers\/scripts\/([^/]+)\/script-settings$/,
      ([name], { json }) =>
        Object.assign(workerOf(name), json() as Pick<FakeWorker, 'tags' | 'observability'>) && showSettings(workerOf(name)),
    ],
    [
      'GET',
      /^\/workers\/scripts\/([^/]+)\/secrets$/,
      ([name]) => [...workerOf(name).secrets.keys()].map((secret) => ({ name: secret, type: 'secret_text' })),
    ],
    [
      'GET',
      /^\/workers\/scripts\/([^/]+)\/deployments$/,
      ([name]) => ({
        deployments: workerOf(name).deployed.map((id) => ({ id: randomUUID(), versions: [{ version_id: id, percentage: 100 }] })),
      }),
    ],
    [
      'POST',
      /^\/workers\/scripts\/([^/]+)\/deployments$/,
      ([name], { json }) => {
        const [version] = (json() as { versions: { version_id: string }[] }).versions
        workerOf(name).deployed.unshift(version?.version_id ?? '')
        return { id: randomUUID() }
      },
    ],
    [
      'GET',
      /^\/workers\/scripts\/([^/]+)\/versions\/([^/]+)$/,
      ([name, id]) => {
        const version = workerOf(name).versions.find((one) => one.id === id)
        return { id, annotations: version?.metadata.annotations, resources: { bindings: version?.bindings ?? noWorker() } }
      },
    ],
    [
      'POST',
      /^\/workers\/scripts\/([^/]+)\/versions$/,
      async ([name], { request, body }) => {
        const { id } = await addVersion(workerOf(name), request, body)
        return { id, startup_time_ms: 1, resources: { script: { etag: 'fake' } }, metadata: {} }
      },
    ],
    [
      'PUT',
      /^\/workers\/scripts\/([^/]+)$/,
      async ([name = ''], { request, body }) => {
        const empty = { versions: [], deployed: [], crons: [], enabled: false, tags: [], observability: undefined }
        const worker: FakeWorker = workers.get(name) ?? { ...empty, secrets: new Map(), classes: new Map() }
        const { id, metadata, made } = await addVersion(worker, request, body)
        worker.deployed.unshift(id)
        worker.observability = metadata.observability
        workers.set(name, worker)
        const rest = ['updated', 'deleted', 'renamed', 'transferred', 'transfer_pending', 'warnings', 'info', 'removable_entries']
        const reconciled = { created: made, ...Object.fromEntries(rest.map((what) => [what, []])) }
        return {
          id: name,
          deployment_id: id.replaceAll('-', ''),
          startup_time_ms: 1,
          etag: 'fake',
          exports_reconciliation: reconciled,
        }
      },
    ],
    [
      'POST',
      /^\/workers\/scripts\/[^/]+\/assets-upload-session$/,
      (_, { json }) => {
        const hashes = Object.values((json() as { manifest: Record<string, { hash: string }> }).manifest).map(({ hash }) => hash)
        const wanted = hashes.filter((hash) => !assets.has(hash))
        return { jwt: ticket(), buckets: wanted.length ? [wanted] : [] }
      },
    ],
    [
      'POST',
      /^\/workers\/assets\/upload$/,
      async (_, { request, body }) => {
        for (const hash of (await formOf(request, body)).keys()) assets.add(hash)
        return { jwt: ticket() }
      },
    ],
    [
      'GET',
      /^\/workers\/scripts\/([^/]+)\/subdomain$/,
      ([name]) => ({ enabled: workerOf(name).enabled, previews_enabled: workerOf(name).enabled }),
    ],
    [
      'POST',
      /^\/workers\/scripts\/([^/]+)\/subdomain$/,
      ([name], { json }) => {
        const { enabled } = Object.assign(workerOf(name), { enabled: (json() as { enabled: boolean }).enabled })
        return { enabled, previews_enabled: enabled }
      },
    ],
    ['GET', /^\/workers\/scripts\/([^/]+)\/schedules$/, ([name]) => ({ schedules: workerOf(name).crons.map((cron) => ({ cron })) })],
    [
      'PUT',
      /^\/workers\/scripts\/([^/]+)\/schedules$/,
      ([name], { json }) => {
        workerOf(name).crons = (json() as { cron: string }[]).map(({ cron }) => cron)
        return { schedules: [] }
      },
    ],
  ]

  const answer = async (request: IncomingMessage, body: Buffer): Promise<unknown> => {
    const { method = '' } = request
    const path = new URL(request.url ?? '', 'http://fake').pathname
      .replace('/client/v4', '')
      .replace(new RegExp(`^/accounts/${account}(?=/)`), '')
    const call: Call = { method, path, writes: method !== 'GET', done: false }
    calls.push(call)
    const trouble = troubles.find((one) => one.method === method && one.path.test(path) && (!one.asks || body.includes(one.asks)))
    if (trouble?.once) troubles.splice(troubles.indexOf(trouble), 1)
    if (trouble) throw new Refused(trouble.status, trouble.code, trouble.message)
    if (request.headers.authorization === undefined) throw new Refused(403, 10000, 'Authentication error')
    for (const [asked, pattern, handler] of routes) {
      const found = asked === method && pattern.exec(path)
      if (!found) continue
      const parts = found.slice(1).map(decodeURIComponent)
      const result = await handler(parts, { request, body, json: () => JSON.parse(body.toString()) })
      call.done = true
      if (!path.endsWith('/query')) return result
      const { results, changed } = result as ReturnType<typeof query>
      call.writes = changed
      return results
    }
    throw new Refused(404, 7003, `The fake has no ${method} ${path}`)
  }

  const server = createServer((request, response) => {
    void (async () => {
      let status = 200
      let said: unknown
      try {
        said = { success: true, errors: [], messages: [], result: await answer(request, await bodyOf(request)) }
      } catch (error) {
        const { code, message } = error as Refused
        status = error instanceof Refused ? error.status : 500
        said = { success: false, errors: [{ code: code ?? 0, message }], messages: [], result: null }
      }
      response.writeHead(status, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(said))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/client/v4`,
    accounts,
    databases,
    buckets,
    workers,
    assets,
    calls,
    troubles,
    close: () => server.close(),
  }
}
