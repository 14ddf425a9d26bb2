import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { decode, sign } from 'hono/jwt'
import { describe, expect, it } from 'vitest'
import { doDueNow, doDueOf, systemContext } from '../../src/access/due/service.ts'
import { type JobWorker, type JobWorkers, type PartResult, draftJob } from '../../src/access/jobs/service.ts'
import { jobStep } from '../../src/access/jobs/steps.ts'
import { conflicts } from '../../src/conflicts.ts'
import { connect } from '../../src/db/client.ts'
import { type Draft, commit } from '../../src/db/commit.ts'
import { STALE, refuseWhen } from '../../src/db/conflicts.ts'
import type { Ctx } from '../../src/db/context.ts'
import { selectRows } from '../../src/db/statements.ts'
import { ApiError } from '../../src/lib/errors.ts'
import { type Answer, type Api, changed, client, failed, ledgers, organization } from '../helpers/api.ts'

const START = Date.parse('2026-05-01T00:00:00Z')
const LATER = START + 3_600_000

const context = (id: string, now: number, d1 = env.DB): Ctx =>
  systemContext({ session: connect(d1).primary(), ledgers, now, secrets: ['secret'], conflicts }, { id, baseCurrency: 'USD' })

/** What planted workers did: a row for each time that an entry was done, of a kind of due work that nobody does. */
const WORK = 'PLANTED_WORK'

const workOf = async ({ id }: Api) =>
  env.DB.prepare('SELECT substr(subject, 1, 5), due_at FROM due WHERE organization_id = ? AND kind = ? ORDER BY subject')
    .bind(id, WORK)
    .raw<[string, number]>()

const jobsDue = ({ id }: Api) =>
  env.DB.prepare("SELECT due_at FROM due WHERE organization_id = ? AND kind = 'JOB'").bind(id).raw<[number]>()

const make = async (
  api: Api,
  entityIds: Parameters<typeof draftJob>[1]['entityIds'],
  { waits = false, now = START } = {},
): Promise<string> => {
  const ctx = context(api.id, now)
  const job = draftJob(ctx, { type: 'PRICE_PLAN', request: {}, metadata: { sourceId: 'a plan' }, entityIds, waits })
  await commit(ctx, { ...job, answer: {} })
  return job.location.slice('/jobs/'.length)
}

type Work = (ctx: Ctx, entries: Parameters<JobWorker['work']>[2]) => Partial<PartResult> | Promise<Partial<PartResult>>

/** A worker that writes a row for each entry, unless `work` says something else. */
const workers = (work: Work = () => ({}), size: { entries?: number; parts?: number } = {}): JobWorkers => ({
  PRICE_PLAN: {
    entries: 25,
    parts: 8,
    ...size,
    work: async (ctx, _job, entries) => ({
      outcomes: entries.map(({ position }) => ({ position, status: 'COMPLETED', reason: '' })),
      drafts: [writing(ctx, entries)],
      ...(await work(ctx, entries)),
    }),
  },
})

const writing = ({ organizationId, now }: Ctx, entries: readonly { entityId: string }[]): Omit<Draft<object>, 'answer'> => ({
  statements: [
    selectRows(sql`
      insert into due select ${organizationId}, ${WORK}, value || hex(randomblob(8)), ${now}
      from json_each(${JSON.stringify(entries.map(({ entityId }) => entityId))})`),
  ],
  changes: [],
})

const run = (api: Api, its: JobWorkers, now = LATER, d1?: D1Database) => doDueOf(context(api.id, now, d1), [jobStep(its)])

const names = (count: number, prefix = 'e'): string[] => Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, '0')}`)

const countsOf = ({ body }: Answer) => [
  body.status,
  body.totalJobEntries,
  body.pendingJobEntries,
  body.failedJobEntries,
  body.completedJobEntries,
]

const entriesOf = async (api: Api, id: string) => (await api.get(`/jobs/${id}/entries?pageSize=100`)).body.data

describe('the jobs of an organization', () => {
  it('are listed by their last change, page by page, and read one by one', async () => {
    const api = await organization()
    expect((await api.get('/jobs')).body).toEqual({ data: [], context: { pageSize: 20, sortOrder: 'DESC' } })
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.push(await make(api, names(n), { waits: true, now: START + n }))
    const listed: string[] = []
    for (let path = '/jobs?pageSize=2'; path;) {
      const { body } = await api.get(path)
      expect(body.data.length).toBeLessThanOrEqual(2)
      listed.push(...body.data.map(({ id }: { id: string }) => id))
      path = body.nextToken ? `/jobs?nextToken=${encodeURIComponent(body.nextToken)}` : ''
    }
    expect(listed).toEqual(ids.toReversed())
    expect((await api.get('/jobs')).body.data[0]).toEqual({
      id: ids[4],
      type: 'PRICE_PLAN',
      status: 'WAITING_FOR_CONFIRMATION',
      updatedAt: new Date(START + 4).toISOString(),
    })
    const read = await api.get(`/jobs/${ids[3]}`)
    expect([...countsOf(read), read.body.metadata]).toEqual(['WAITING_FOR_CONFIRMATION', 3, 3, 0, 0, { sourceId: 'a plan' }])
    await api.post(`/jobs/${ids[1]}/reject`)
    expect((await api.get('/jobs?pageSize=1')).body.data[0].id).toBe(ids[1])
    for (const pageSize of ['0', '101', '1.5', 'x']) expect((await api.get(`/jobs?pageSize=${pageSize}`)).status).toBe(400)
  })

  it('have their entries in their order, also those of a query, with which any number is made at once', async () => {
    const api = await organization()
    const listed = sql`select value from json_each(${JSON.stringify(names(130))}) order by value desc`
    const id = await make(api, listed, { waits: true })
    const all: { entityId: string; jobId: string }[] = []
    for (let path = `/jobs/${id}/entries`; path;) {
      const { body } = await api.get(path)
      expect(body.data.length).toBeLessThanOrEqual(20)
      all.push(...body.data)
      path = body.nextToken ? `/jobs/${id}/entries?nextToken=${encodeURIComponent(body.nextToken)}` : ''
    }
    expect(all.map(({ entityId }) => entityId)).toEqual(names(130).toReversed())
    expect(all[0]).toEqual({ entityId: 'e0129', jobId: id, status: 'PENDING', createdAt: new Date(START).toISOString() })
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['WAITING_FOR_CONFIRMATION', 130, 130, 0, 0])
    const other = await make(api, names(2), { waits: true })
    const { nextToken } = (await api.get(`/jobs/${id}/entries?pageSize=1`)).body
    expect((await api.get(`/jobs/${other}/entries?nextToken=${encodeURIComponent(nextToken)}`)).status).toBe(400)
    const changes = (await api.get(`/audit_log?resource_type=JOB&resource_id=${id}`)).body.data[0].changes
    expect(Object.keys(changes).toSorted()).toEqual(['metadata', 'status', 'type'])
  })

  it('belong to it alone, and are for no portal', async () => {
    const [api, other] = [await organization(), await organization()]
    const id = await make(api, names(2), { waits: true })
    await make(other, names(1), { waits: true })
    const { body } = await api.post('/tokens', { name: 'Reader', role: 'ANALYST' })
    const reader = client(body.token)
    for (const [method, path] of [
      ['GET', `/jobs/${id}`],
      ['GET', `/jobs/${id}/entries`],
      ['POST', `/jobs/${id}/confirm`],
      ['POST', `/jobs/${id}/reject`],
    ] as const) {
      const answer = await other.call(method, path)
      expect([answer.status, answer.body.message]).toEqual([404, `The job "${id}" does not exist.`])
      expect((await reader.call(method, path)).status).toBe(method === 'GET' ? 200 : 403)
    }
    const { body: authenticated } = await api.post('/authenticate')
    const claims = decode(authenticated.token).payload
    const portal = client(await sign({ ...claims, portal: { customerId: 'acme', accountIds: 'all' } }, env.SIGNING_SECRET, 'HS256'))
    for (const path of ['/jobs', `/jobs/${id}`, `/jobs/${id}/entries`]) expect((await portal.get(path)).status).toBe(403)
    for (const verb of ['confirm', 'reject']) expect((await portal.post(`/jobs/${id}/${verb}`)).status).toBe(403)
    expect((await other.get('/jobs')).body.data.map((job: { id: string }) => job.id)).not.toContain(id)
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['WAITING_FOR_CONFIRMATION', 2, 2, 0, 0])
  })
})

describe('the decision on a job that waits', () => {
  it('is taken once: confirmed, it is due now; rejected, it is over', async () => {
    const api = await organization()
    const [one, other] = [await make(api, names(3), { waits: true }), await make(api, names(3), { waits: true })]
    const before = Date.now()
    const confirmed = await api.post(`/jobs/${one}/confirm`)
    expect([confirmed.status, ...countsOf(confirmed), confirmed.body.settledAt]).toEqual([200, 'PENDING', 3, 3, 0, 0, undefined])
    const due = await jobsDue(api)
    expect(due).toEqual([[Date.parse(confirmed.body.updatedAt)]])
    expect(due[0]?.[0]).toBeGreaterThanOrEqual(before)
    const rejected = await api.post(`/jobs/${other}/reject`)
    expect([rejected.status, ...countsOf(rejected), rejected.body.settledAt]).toEqual([
      200,
      'CANCELLED',
      3,
      0,
      0,
      3,
      rejected.body.updatedAt,
    ])
    expect((await api.get(`/jobs/${other}`)).body).toEqual(rejected.body)
    expect((await entriesOf(api, other)).map(({ status }: { status: string }) => status)).toEqual(Array(3).fill('CANCELLED'))
    for (const [id, status] of [
      [one, 'PENDING'],
      [other, 'CANCELLED'],
    ])
      for (const verb of ['confirm', 'reject']) {
        const refused = await api.post(`/jobs/${id}/${verb}`)
        expect([refused.status, refused.body.message]).toEqual([
          409,
          `The job "${id}" is ${status}. Only a job that is WAITING_FOR_CONFIRMATION can be ${verb}ed.`,
        ])
      }
  })

  it.each([
    ['confirm', 'confirm'],
    ['confirm', 'reject'],
    ['reject', 'reject'],
  ])('is one of many at the same moment: %s and %s', async (verb, another) => {
    const api = await organization()
    const id = await make(api, names(40), { waits: true })
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => api.post(`/jobs/${id}/${n % 2 ? verb : another}`)))
    const [won, ...more] = answers.filter(({ status }) => status === 200)
    expect(more).toEqual([])
    for (const { status, body } of answers.filter((answer) => answer !== won))
      expect([status, body.message]).toEqual([409, expect.stringContaining(` is ${won?.body.status}.`)])
    expect((await api.get(`/jobs/${id}`)).body).toEqual(won?.body)
    expect(await jobsDue(api)).toHaveLength(won?.body.status === 'PENDING' ? 1 : 0)
  })
})

describe('a job', () => {
  it('of 2,000 entries ends with each done once, whatever is killed, and with two runs at once', async () => {
    const api = await organization()
    const id = await make(api, names(2000))
    let batches = 0
    let kills = 0
    const deadly = changed((session) => ({
      batch: async (statements) => {
        const LOST = failed('Network connection lost.')
        const fate = ++batches % 7 === 0 ? ['before', 'during', 'after'][kills++ % 3] : undefined
        if (fate === 'before') throw LOST
        const broken = env.DB.prepare("INSERT INTO refusals VALUES ('PLANTED', '[]')")
        if (fate === 'during') return session.batch(statements.toSpliced(Math.ceil(statements.length * Math.random()), 0, broken))
        const results = await session.batch(statements)
        if (fate === 'after') throw LOST
        return results as never
      },
    }))
    const its = workers(undefined, { entries: 40 })
    for (let runs = 0; runs < 200; runs++) {
      const all = await Promise.all([run(api, its, LATER + runs, deadly), run(api, its, LATER + runs, deadly)])
      if (all.every(({ done, errors }) => done + errors.length === 0)) break
    }
    expect(kills).toBeGreaterThan(5)
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['COMPLETED', 2000, 0, 0, 2000])
    expect(await workOf(api)).toEqual(names(2000).map((name) => [name, START]))
    expect(await jobsDue(api)).toEqual([])
    const { body: log } = await api.get(`/audit_log?resource_type=JOB&resource_id=${id}`)
    expect(log.data.map(({ changes }: { changes: { status: { new: string } } }) => changes.status.new)).toEqual([
      'COMPLETED',
      'IN_PROGRESS',
      'PENDING',
    ])
  })

  it('carries the instant at which it was started into what it does, however late and long it runs', async () => {
    const api = await organization()
    const id = await make(api, names(10))
    let clocks: number[] = []
    const its = workers(undefined, { entries: 2, parts: 2 })
    const { PRICE_PLAN } = its as Required<Pick<JobWorkers, 'PRICE_PLAN'>>
    const timed: JobWorkers = {
      PRICE_PLAN: { ...PRICE_PLAN, work: (ctx, job, entries, clock) => (clocks.push(clock), PRICE_PLAN.work(ctx, job, entries, clock)) },
    }
    await doDueNow(context(api.id, LATER), [jobStep(timed)], [{ kind: 'JOB', subject: id, dueAt: START }], () => undefined)
    await scheduler.wait(300)
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['IN_PROGRESS', 10, 6, 0, 4])
    expect(await run(api, timed, LATER + 1)).toEqual({ done: 1, errors: [] })
    expect((await workOf(api)).map(([, at]) => at)).toEqual(Array(10).fill(START))
    expect(clocks).toEqual([LATER, LATER, LATER + 1, LATER + 1, LATER + 1])
    expect((await api.get(`/jobs/${id}`)).body.settledAt).toBe(new Date(LATER + 1).toISOString())
    clocks = []
    await run(api, timed, LATER + 2)
    expect(clocks).toEqual([])
  })

  it('lets a bad entry fail alone, with the words of its refusal', async () => {
    const api = await organization()
    const id = await make(api, names(10))
    const bad = (ctx: Ctx, entries: readonly { entityId: string }[]): Partial<PartResult> => {
      if (entries.some(({ entityId }) => entityId === 'e0003')) throw new ApiError('CONFLICT', 'planted')
      if (!entries.some(({ entityId }) => entityId === 'e0005')) return {}
      const refusal = {
        statements: [refuseWhen('CUSTOMER_NOT_FOUND', sql`select json_array('nobody')`)],
        changes: [],
      }
      return { drafts: [writing(ctx, entries), refusal] }
    }
    expect(await run(api, workers(bad))).toEqual({ done: 1, errors: [] })
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['COMPLETED', 10, 0, 2, 8])
    const entries = (await entriesOf(api, id)) as { entityId: string; status: string; metadata?: object }[]
    expect(entries.filter(({ status }) => status === 'FAILED').map(({ entityId, metadata }) => [entityId, metadata])).toEqual([
      ['e0003', { reason: 'planted' }],
      ['e0005', { reason: expect.stringContaining('nobody') }],
    ])
    expect((await workOf(api)).map(([name]) => name)).toEqual(names(10).filter((name) => name !== 'e0003' && name !== 'e0005'))
  })

  it('fails when every entry does, and is done at once when it has none', async () => {
    const api = await organization()
    const [id, none] = [await make(api, names(3)), await make(api, sql`select value from json_each('[]')`)]
    const failing = workers((_, entries) => ({
      outcomes: entries.map(({ position }) => ({ position, status: 'FAILED', reason: 'no' })),
      drafts: [],
    }))
    expect((await run(api, failing)).errors).toEqual([])
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['FAILED', 3, 0, 3, 0])
    expect(countsOf(await api.get(`/jobs/${none}`))).toEqual(['COMPLETED', 0, 0, 0, 0])
  })

  it('tries what others change meanwhile again, and lets it fail after a while', async () => {
    const api = await organization()
    const id = await make(api, names(3))
    const tries: Record<string, number> = {}
    const busy = (ctx: Ctx, entries: readonly { entityId: string }[]): Partial<PartResult> => {
      for (const { entityId } of entries) tries[entityId] = (tries[entityId] ?? 0) + 1
      const isStale = entries.some(({ entityId }) => entityId === 'e0002' || (entityId === 'e0001' && (tries[entityId] ?? 0) < 5))
      const refusal = { statements: isStale ? [refuseWhen('STALE', sql`select '[]'`)] : [], changes: [] }
      return { drafts: [writing(ctx, entries), refusal] }
    }
    expect(await run(api, workers(busy))).toEqual({ done: 1, errors: [] })
    expect(tries).toEqual({ e0000: 2, e0001: 5, e0002: 21 })
    expect((await entriesOf(api, id)).map(({ status, metadata }: { status: string; metadata?: object }) => [status, metadata])).toEqual([
      ['COMPLETED', undefined],
      ['COMPLETED', undefined],
      ['FAILED', { reason: STALE.message }],
    ])
    expect((await workOf(api)).map(([name]) => name)).toEqual(['e0000', 'e0001'])
  })

  it('does no entry that is done already, whoever has done it', async () => {
    const api = await organization()
    const id = await make(api, names(4))
    let calls = 0
    const late = workers(async () => {
      if (!calls++) await env.DB.prepare("UPDATE job_entries SET status = 'COMPLETED' WHERE job_id = ? AND position = 1").bind(id).run()
      return {}
    })
    expect((await run(api, late)).errors).toEqual([])
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['COMPLETED', 4, 0, 0, 4])
    expect((await workOf(api)).map(([name]) => name)).toEqual(['e0000', 'e0002', 'e0003'])
  })

  it('reads no more for a part of a long job than for one of a short job', async () => {
    const read: number[] = []
    const made = await Promise.all([organization(), organization(), organization()])
    const [short, long, neighbour] = made.toSorted((one, other) => (one.id < other.id ? -1 : 1))
    if (!short || !long || !neighbour) throw new Error('There are no three organizations')
    /** The end of a range of rows is found by a row behind it, if there is one. */
    await make(neighbour, names(1))
    for (const [api, count] of [
      [short, 60],
      [long, 3000],
    ] as const) {
      const id = await make(api, names(count))
      await env.DB.prepare("UPDATE job_entries SET status = 'COMPLETED' WHERE job_id = ? AND position < ?")
        .bind(id, count - 40)
        .run()
      const database = connect(env.DB)
      const ctx = { ...context(api.id, LATER), session: database.primary() }
      const { due } = (await env.DB.prepare("SELECT due_at AS due FROM due WHERE organization_id = ? AND kind = 'JOB'")
        .bind(api.id)
        .first<{ due: number }>()) ?? { due: 0 }
      await jobStep(workers(() => ({ drafts: [] }))).run(ctx, { kind: 'JOB', subject: id, dueAt: due })
      expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['COMPLETED', count, 0, 0, count])
      read.push(database.usage.rowsRead)
    }
    expect(read[1]).toBe(read[0])
  })

  it('waits for the next run when something is out of reach or broken, and is no obstacle to the rest', async () => {
    const api = await organization()
    const [id, unknown] = [await make(api, names(3)), await make(api, names(3))]
    await env.DB.prepare("UPDATE jobs SET type = 'BILL_RUN' WHERE id = ?").bind(unknown).run()
    const away = workers(() => Promise.reject(new ApiError('UNAVAILABLE', 'away', 1)))
    const { errors } = await run(api, away)
    expect(errors.map(({ message }) => message).toSorted()).toEqual(['There is no worker for jobs of the type BILL_RUN', 'away'])
    const missing = await run(
      api,
      workers(() => ({ outcomes: [], drafts: [] })),
    )
    expect(missing.errors.map(({ message }) => message).toSorted()[0]).toContain('has not one outcome for each entry')
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['PENDING', 3, 3, 0, 0])
    expect(
      (
        await run(
          api,
          workers(() => ({ drafts: [] })),
        )
      ).done,
    ).toBe(1)
    expect(countsOf(await api.get(`/jobs/${id}`))).toEqual(['COMPLETED', 3, 0, 0, 3])
    expect(countsOf(await api.get(`/jobs/${unknown}`))).toEqual(['PENDING', 3, 3, 0, 0])
  })

  it('has what it makes due done with it', async () => {
    const api = await organization()
    const id = await make(api, names(3))
    const told: string[] = []
    const telling = {
      kind: 'TOLD',
      run: async (ctx: Ctx, row: { kind: string; subject: string; dueAt: number }) => {
        told.push(row.subject)
        await env.DB.prepare("DELETE FROM due WHERE organization_id = ? AND kind = 'TOLD'").bind(ctx.organizationId).run()
      },
    }
    const its = workers((ctx) => ({ drafts: [{ statements: [], changes: [], due: [{ kind: 'TOLD', subject: 'a', dueAt: ctx.now }] }] }))
    let later: Promise<unknown> = Promise.resolve()
    const rows = [{ kind: 'JOB', subject: id, dueAt: START }]
    await doDueNow(context(api.id, START), [telling, jobStep(its)], rows, (work) => void (later = work))
    await later
    expect([told, ...countsOf(await api.get(`/jobs/${id}`))]).toEqual([['a'], 'COMPLETED', 3, 0, 0, 3])
  })
})
