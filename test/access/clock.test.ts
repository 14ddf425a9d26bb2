import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { moveTestClock } from '../../src/access/clock/service.ts'
import { type DueStep, doAllDue, systemContext } from '../../src/access/due/service.ts'
import { conflicts } from '../../src/conflicts.ts'
import { connect } from '../../src/db/client.ts'
import { commit } from '../../src/db/commit.ts'
import type { Ctx } from '../../src/db/context.ts'
import { type Due, setDue, settleDue } from '../../src/db/due.ts'
import { ApiError } from '../../src/lib/errors.ts'
import { iso } from '../../src/lib/time.ts'
import { type Api, changed, client, failed, ledgers, organization, watched } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'
import { compareRows, readRows } from '../helpers/rows.ts'
import { withAccount } from '../helpers/schedules.ts'

afterEach(() => {
  vi.useRealTimers()
})

const DAY = 86_400_000
const ON = { TEST_CLOCK: 'on' }
const START = Date.parse('2024-01-01T00:00:00Z')
const at = (days: number) => START + Math.round(days * DAY)
const day = (days: number) => iso(at(days))

/** The API where test clocks are on, through another database if one is given. */
const withClock = (token: string, d1?: D1Database) => client(token, d1, ON)

const move = ({ token }: Pick<Api, 'token'>, now: string, headers: Record<string, string> = {}, d1?: D1Database) =>
  withClock(token, d1).call('POST', '/test_clock', { now }, headers)

const clockOf = async (id: string) => env.DB.prepare('SELECT clock_at FROM organizations WHERE id = ?').bind(id).first<number>('clock_at')

const dueOf = async (id: string) =>
  env.DB.prepare('SELECT kind, subject, due_at FROM due WHERE organization_id = ? ORDER BY due_at, kind, subject').bind(id).raw()

/** The context of a request of an organization whose due work has these steps. */
const contextOf = async (id: string, steps: readonly DueStep[]): Promise<Ctx> => {
  const own = { ...ledgers, usage: { calls: 0, ms: 0 } }
  const real = { session: connect(env.DB).primary(), ledgers: own, now: Date.now(), secrets: ['secret'], conflicts }
  return { ...systemContext(real, { id, baseCurrency: 'USD', clockAt: await clockOf(id) }), steps }
}

const plant = async (id: string, rows: readonly Due[]): Promise<void> => {
  const ctx = await contextOf(id, [])
  await commit(ctx, { statements: setDue(ctx, rows), changes: [], answer: {} })
}

/** Moves a clock as a request does, with planted steps. */
const moveBy = async (id: string, steps: readonly DueStep[], now: number, elapsed?: () => number) =>
  (await moveTestClock(await contextOf(id, steps), { now }, elapsed)).answer

/** A step that comes back `every` so many milliseconds until `until`, and makes other work due at once and a day later; it writes down what it did, and when by its clock. */
const chain = (done: string[], every: number, until: number): DueStep[] => [
  {
    kind: 'cycle',
    run: async (ctx, row) => {
      const next = row.dueAt + every <= until ? row.dueAt + every : undefined
      const more = [0, DAY].map((after) => ({ kind: 'bill', subject: `${row.subject} ${row.dueAt} ${after}`, dueAt: row.dueAt + after }))
      await commit(ctx, { statements: settleDue(ctx, row, next), changes: [], answer: {}, due: more })
      done.push(`cycle ${row.subject} ${iso(row.dueAt)} ${iso(ctx.now)}`)
    },
  },
  {
    kind: 'bill',
    run: async (ctx, row) => {
      await commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
      done.push(`bill ${row.subject} ${iso(row.dueAt)} ${iso(ctx.now)}`)
    },
  },
]

const CYCLES: Due[] = [
  { kind: 'cycle', subject: 'b', dueAt: at(1) },
  { kind: 'cycle', subject: 'a', dueAt: at(1) },
  { kind: 'cycle', subject: 'c', dueAt: at(2.5) },
  { kind: 'nobody knows', subject: 'x', dueAt: at(3) },
  { kind: 'cycle', subject: 'd', dueAt: at(12) },
]

/** An organization whose clock is set to the start, with work that is due later. */
const withCycles = async () => {
  const api = await organization()
  expect((await move(api, day(0))).body).toEqual({ now: day(0), target: day(0), due: 0 })
  await plant(api.id, CYCLES)
  return api
}

describe('the test clock', () => {
  it('is not there where the variable is anything but on', async () => {
    const { token } = await organization()
    for (const its of [token, undefined])
      for (const TEST_CLOCK of ['', 'off', 'ON', 'on ', undefined])
        for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'HEAD']) {
          const [asked, unknown] = await Promise.all(
            ['/test_clock', '/nothing'].map((path) => {
              const { call } = client(its, env.DB, { TEST_CLOCK: TEST_CLOCK as string })
              return method === 'HEAD' ? call('GET', path) : call(method, path, method === 'POST' ? { now: day(0) } : undefined)
            }),
          )
          expect([method, asked?.status, asked?.body]).toEqual([method, 404, unknown?.body])
        }
  })

  it('is the real time until it is set, then stands still, and every request reads it', async () => {
    const api = await organization()
    const before = Date.now()
    const { body: real } = await withClock(api.token).get('/test_clock')
    expect(real.isSet).toBe(false)
    expect(Date.parse(real.now)).toBeGreaterThanOrEqual(before)
    await move(api, day(0))
    await scheduler.wait(5)
    expect((await withClock(api.token).get('/test_clock')).body).toEqual({ now: day(0), isSet: true })
    await withClock(api.token).post('/customers', customer('acme'))
    await move(api, day(1))
    await withClock(api.token).post('/customers', customer('second'))
    const { results } = await env.DB.prepare('SELECT created_at FROM customers WHERE organization_id = ? ORDER BY id').bind(api.id).all()
    expect(results).toEqual([{ created_at: at(0) }, { created_at: at(1) }])
  })

  it('is kept where the variable is turned off later, and cannot be moved there', async () => {
    const api = await organization()
    await move(api, day(0))
    await api.post('/customers', customer('acme'))
    expect(await env.DB.prepare('SELECT created_at FROM customers WHERE organization_id = ?').bind(api.id).first('created_at')).toBe(at(0))
    expect((await client(api.token, env.DB, { TEST_CLOCK: 'off' }).post('/test_clock', { now: day(1) })).status).toBe(404)
    expect(await clockOf(api.id)).toBe(at(0))
  })

  it('is asked of the primary by each request, and remembered by none', async () => {
    const api = await organization()
    await move(api, day(0))
    await api.get('/customers')
    await move(api, day(1))
    const { d1, seen } = watched()
    for (let request = 1; request <= 2; request++) {
      const before = seen.places.length
      expect((await withClock(api.token, d1).get('/test_clock')).body.now).toBe(day(1))
      expect([seen.places[before], seen.calls]).toEqual(['first-primary', request])
    }
  })

  it('never goes back, and standing still is no change', async () => {
    const api = await organization()
    await move(api, day(5))
    const before = await readRows(api.id)
    expect((await move(api, day(4))).body.message).toBe(`now: must not be before ${day(5)}, which the clock has reached`)
    expect((await move(api, day(4))).status).toBe(409)
    expect((await move(api, day(5))).body).toEqual({ now: day(5), target: day(5), due: 0 })
    for (const days of [5, 6]) expect((await move(api, day(days), { 'If-Match': '"1"' })).status).toBe(412)
    expect(compareRows(before, await readRows(api.id))).toEqual([])
    const back = env.DB.prepare('UPDATE organizations SET clock_at = ? WHERE id = ?')
    for (const value of [at(4), null]) await expect(back.bind(value, api.id).run()).rejects.toThrow('STALE')
  })

  it('is set to a time that has passed only while there are no schedules', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const api = await withAccount(iso(Date.now()))
    expect((await api.associate(iso(Date.now()).slice(0, 10))).status).toBe(200)
    expect((await move(api, day(0))).status).toBe(409)
  })

  it('is set to a time that has passed only while there are no events', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('one', '1') })
    const past = await move(api, day(0))
    expect([past.status, past.body.message]).toEqual([
      409,
      `now: ${day(0)} has passed, and a past time can be set only while the organization has no events and no schedules`,
    ])
    expect((await withClock(api.token).call('POST', '/test_clock?dry_run=true', { now: day(0) })).status).toBe(409)
    expect(await clockOf(api.id)).toBeNull()
    const later = iso(Date.now() + DAY)
    expect((await move(api, later)).body).toEqual({ now: later, target: later, due: 0 })
  })

  it('is first moved from the real time, and does on the way what was due by that', async () => {
    const { id } = await organization()
    const [now, done] = [Date.now(), [] as string[]]
    await plant(id, [
      { kind: 'bill', subject: 'late', dueAt: now - DAY },
      { kind: 'bill', subject: 'soon', dueAt: now + DAY },
      { kind: 'bill', subject: 'later', dueAt: now + 3 * DAY },
    ])
    expect(await moveBy(id, chain(done, DAY, 0), now + 2 * DAY)).toMatchObject({ now: iso(now + 2 * DAY), due: 2 })
    const [late = '', soon] = done
    expect(late.startsWith(`bill late ${iso(now - DAY)} `)).toBe(true)
    expect(Date.parse(late.split(' ')[3] ?? '')).toBeGreaterThanOrEqual(now)
    expect(soon).toBe(`bill soon ${iso(now + DAY)} ${iso(now + DAY)}`)
    expect(await dueOf(id)).toEqual([['bill', 'later', now + 3 * DAY]])
  })

  it('is in the audit log with each instant at which it stood, by the real time', async () => {
    const api = await withCycles()
    await moveBy(api.id, chain([], DAY, 0), at(2))
    const { body } = await api.get(`/audit_log?resource_type=ORGANIZATION&resource_id=${api.id}`)
    const entries = (body.data as { at: string; changes: unknown }[]).toReversed()
    expect(entries.map(({ changes }) => changes)).toEqual([
      { testClock: { old: null, new: day(0) } },
      { testClock: { old: day(0), new: day(1) } },
      { testClock: { old: day(1), new: day(2) } },
    ])
    for (const { at: written } of entries) expect(Math.abs(Date.parse(written) - Date.now())).toBeLessThan(60_000)
  })

  it('is read by every role and moved by those that write, and is nothing for a portal', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    const tokenOf = async (role: string): Promise<string> => (await api.post('/tokens', { name: role, role })).body.token
    const portal = (await api.post('/portal/token', { customerId: 'acme', allAccountsAccess: true })).body.token as string
    const statuses = async (token: string) => [(await withClock(token).get('/test_clock')).status, (await move({ token }, day(0))).status]
    expect(await statuses(await tokenOf('ANALYST'))).toEqual([200, 403])
    expect(await statuses(portal)).toEqual([403, 403])
    expect(await clockOf(api.id)).toBeNull()
    expect(await statuses(await tokenOf('DEVELOPER'))).toEqual([200, 200])
  })
})

describe('tokens, keys, limits and the audit log', () => {
  const isNow = (instant: number | string) =>
    expect(Math.abs((typeof instant === 'string' ? Date.parse(instant) : instant) - Date.now())).toBeLessThan(60_000)

  it.each(['1999-01-01T00:00:00Z', '2199-01-01T00:00:00Z'])('go by the real time where the clock stands at %s', async (now) => {
    const api = await organization()
    const { call, post, get, delete: revoke } = withClock(api.token)
    await move(api, now)
    const soon = iso(Date.now() + 3_600_000)
    const { body: token } = await call(
      'POST',
      '/tokens',
      { name: 'brief', role: 'ADMINISTRATOR', expiresAt: soon },
      { 'Idempotency-Key': 'a key' },
    )
    isNow(token.createdAt)
    expect((await post('/tokens', { name: 'past', role: 'ANALYST', expiresAt: iso(Date.now() - 1000) })).status).toBe(400)
    const brief = withClock(token.token)
    expect((await brief.get('/customers')).status).toBe(200)
    const jwt = (await brief.post('/authenticate')).body.token
    expect((await withClock(jwt).get('/customers')).status).toBe(200)
    const { body: rotated } = await post(`/tokens/${token.id}/rotate`, { gracePeriod: 600 })
    expect(Math.abs(Date.parse(rotated.previousExpiresAt) - 600_000 - Date.now())).toBeLessThan(60_000)
    expect((await brief.get('/customers')).status).toBe(200)
    await post('/customers', customer('acme'))
    const portal = (await post('/portal/token', { customerId: 'acme', expiry: 60 })).body.token
    expect((await withClock(portal).get('/customers/acme')).status).toBe(200)
    const { body: list } = await get('/tokens?pageSize=100')
    isNow(list.data.find(({ id }: { id: string }) => id === token.id).createdAt)
    expect(list.data.find(({ id }: { id: string }) => id === api.tokenId).lastUsedOn ?? iso(Date.now()).slice(0, 10)).toBe(
      iso(Date.now()).slice(0, 10),
    )
    await revoke(`/tokens/${token.id}`)
    isNow((await get(`/tokens/${token.id}`)).body.revokedAt)
    for (const table of ['idempotency_keys', 'audit_log', 'outbox']) {
      const column = table === 'idempotency_keys' ? 'created_at' : 'at'
      const { results } = await env.DB.prepare(`SELECT ${column} AS at FROM ${table} WHERE organization_id = ?`)
        .bind(api.id)
        .all<{ at: number }>()
      expect(results.length).toBeGreaterThan(0)
      for (const row of results) isNow(row.at)
    }
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    expect((await withClock(portal).get('/customers/acme')).status).toBe(401)
  })
})

describe('moving it', () => {
  it('at once, in many calls, day by day or in odd steps ends in the same, in the same order and at the same instants', async () => {
    const ways: number[][] = [
      [20],
      [3, 3.000001, 9, 20],
      Array.from({ length: 20 }, (_, index) => index + 1),
      [0.5, 1, 2.5, 2.75, 14.1, 20],
    ]
    const results = []
    for (const way of ways) {
      const { id } = await withCycles()
      const done: string[] = []
      const steps = chain(done, 3 * DAY, at(16))
      let pieces = 0
      for (const days of way) pieces += (await moveBy(id, steps, at(days))).due
      results.push({ done, pieces, due: await dueOf(id), clock: await clockOf(id) })
    }
    const [first] = results
    expect(first?.done.slice(0, 8)).toEqual([
      `cycle a ${day(1)} ${day(1)}`,
      `cycle b ${day(1)} ${day(1)}`,
      `bill a ${at(1)} 0 ${day(1)} ${day(1)}`,
      `bill b ${at(1)} 0 ${day(1)} ${day(1)}`,
      `bill a ${at(1)} ${DAY} ${day(2)} ${day(2)}`,
      `bill b ${at(1)} ${DAY} ${day(2)} ${day(2)}`,
      `cycle c ${day(2.5)} ${day(2.5)}`,
      `bill c ${at(2.5)} 0 ${day(2.5)} ${day(2.5)}`,
    ])
    expect([first?.pieces, first?.due, first?.clock]).toEqual([first?.done.length, [['nobody knows', 'x', at(3)]], at(20)])
    for (const result of results) expect(result).toEqual(first)
  })

  it('does the real steps through the front door, and leaves another organization alone', async () => {
    const rows: Due[] = [
      { kind: 'NAMES_GAINED', subject: 'acme main', dueAt: at(2) },
      { kind: 'ACCOUNT_CHANGED', subject: 'acme main', dueAt: at(3) },
      { kind: 'ORGANIZATION_CHANGED', subject: '', dueAt: at(5) },
      { kind: 'GENERATIONS_CHANGED', subject: '', dueAt: at(5) },
      { kind: 'JOB', subject: 'a job that was cancelled', dueAt: at(7) },
    ]
    const begin = async () => {
      const api = await organizationWithMeter()
      await move(api, day(0))
      await withClock(api.token).post('/ingest', { event: ride('one', '1') })
      await plant(api.id, rows)
      return api
    }
    const [once, daily, other] = [await begin(), await begin(), await begin()]
    const before = await readRows(other.id)
    expect((await move(once, day(4))).body).toEqual({ now: day(4), target: day(4), due: 2 })
    expect(await dueOf(once.id)).toHaveLength(3)
    expect((await move(once, day(10))).body).toEqual({ now: day(10), target: day(10), due: 3 })
    let pieces = 0
    for (let days = 1; days <= 10; days++) pieces += (await move(daily, day(days))).body.due
    expect([pieces, await clockOf(once.id), await clockOf(daily.id)]).toEqual([5, at(10), at(10)])
    expect([await dueOf(once.id), await dueOf(daily.id)]).toEqual([[], []])
    expect([compareRows(before, await readRows(other.id)), await clockOf(other.id)]).toEqual([[], at(0)])
  })

  it('at the same moment ends in the same: each piece of work is done once', async () => {
    const alone = await withCycles()
    const done: string[] = []
    await moveBy(alone.id, chain(done, 3 * DAY, at(16)), at(20))
    const { id } = await withCycles()
    const all: string[] = []
    const moves = await Promise.all(
      [20, 20, 12, 20, 20, 7].map((days) => moveBy(id, chain(all, 3 * DAY, at(16)), at(days)).catch((error) => error)),
    )
    for (const moved of moves)
      if (moved instanceof Error) expect(moved.message).toMatch(/^now: must not be before/)
      else expect(moved.now).toBe(moved.target)
    const stepsIn = (lines: readonly string[]) => lines.map((line) => line.slice(0, line.lastIndexOf(' '))).toSorted()
    expect(stepsIn(all)).toEqual(stepsIn(done))
    expect([await dueOf(id), await clockOf(id)]).toEqual([await dueOf(alone.id), at(20)])
    const { results } = await env.DB.prepare(
      "SELECT changes ->> '$.testClock[0]' AS old, changes ->> '$.testClock[1]' AS new FROM audit_log WHERE organization_id = ? ORDER BY sequence",
    )
      .bind(id)
      .all<{ old: string | null; new: string }>()
    for (const [index, { old }] of results.entries()) expect(old).toBe(results[index - 1]?.new ?? null)
  })

  it('that dies between any two commits goes on when the same request is sent again', async () => {
    const begin = async () => {
      const api = await organizationWithMeter()
      await move(api, day(0))
      await withClock(api.token).post('/ingest', { event: ride('one', '1') })
      await plant(api.id, [
        { kind: 'ACCOUNT_CHANGED', subject: 'acme main', dueAt: at(3) },
        { kind: 'ORGANIZATION_CHANGED', subject: '', dueAt: at(5) },
        { kind: 'JOB', subject: 'a job that was cancelled', dueAt: at(7) },
      ])
      return api
    }
    const KEY = { 'Idempotency-Key': 'a key' }
    let deaths = 0
    for (let until = 1; ; until++) {
      const api = await begin()
      let left = until
      const dying = changed((session) => ({
        batch: async (statements) => {
          if (left === 0) throw failed('Network connection lost.')
          const results = await session.batch(statements)
          if (--left === 0) throw failed('Network connection lost.')
          return results as never
        },
      }))
      const lost = await move(api, day(10), KEY, dying)
      const again = await move(api, day(10), KEY)
      expect([again.status, again.body.now, again.body.target]).toEqual([200, day(10), day(10)])
      expect([await dueOf(api.id), await clockOf(api.id)]).toEqual([[], at(10)])
      if (lost.status === 200) {
        expect([again.body, again.headers.get('Idempotency-Replayed')]).toEqual([lost.body, 'true'])
        break
      }
      expect(lost.status).toBe(503)
      deaths++
    }
    expect(deaths).toBeGreaterThan(8)
  })

  it('stops at work that fails, does nothing after it, and says so; the same request goes on', async () => {
    const { id } = await withCycles()
    const done: string[] = []
    const [cycle, bill] = chain(done, 100 * DAY, 0) as [DueStep, DueStep]
    let cause: Error | undefined = new Error('planted, with nobody@example.com')
    const failing: DueStep = {
      kind: 'bill',
      run: (ctx, row) => (cause && row.subject.startsWith('a') ? Promise.reject(cause) : bill.run(ctx, row)),
    }
    const fail = () => moveBy(id, [cycle, failing], at(20)).catch((error: ApiError) => [error.code, error.retryAfter, error.message])
    const said = (pieces: number, why = '') =>
      `The clock has reached ${day(1)}, after ${pieces} pieces of work, and stays there: one that is due then failed${why}. The same request tries it again.`
    expect(await fail()).toEqual(['UNAVAILABLE', 1, said(2)])
    expect([done, await clockOf(id)]).toEqual([[`cycle a ${day(1)} ${day(1)}`, `cycle b ${day(1)} ${day(1)}`], at(1)])
    const before = await dueOf(id)
    cause = new ApiError('CONFLICT', 'It is planted')
    expect(await fail()).toEqual(['UNAVAILABLE', 1, said(0, ' (It is planted)')])
    expect(await dueOf(id)).toEqual(before)
    cause = undefined
    expect(await moveBy(id, [cycle, failing], at(20))).toEqual({ now: day(20), target: day(20), due: 10 })
    expect(new Set(done).size).toBe(12)
  })

  it('stops at work that is due again for ever', async () => {
    const { id } = await withCycles()
    let runs = 0
    const steps: DueStep[] = [{ kind: 'cycle', run: () => Promise.resolve(runs++) }]
    await expect(moveBy(id, steps, at(20))).rejects.toThrow('stays there')
    expect(await clockOf(id)).toBe(at(1))
    expect(runs).toBeLessThan(100)
  })

  it('works for 20 seconds, and the same request goes on, under a key too', async () => {
    const alone = await withCycles()
    const done: string[] = []
    const { due } = await moveBy(alone.id, chain(done, 3 * DAY, at(16)), at(20))
    const { id } = await withCycles()
    const inParts: string[] = []
    const answers = []
    for (let request = 0; answers.at(-1)?.now !== day(20); request++) {
      let seconds = 0
      const ctx = await contextOf(id, chain(inParts, 3 * DAY, at(16)))
      const key = { value: 'a key', fingerprints: ['a'] }
      const write = { dryRun: false, key, status: 200, locationOf: undefined, secret: false }
      const { answer, committed } = await moveTestClock({ ...ctx, write }, { now: at(20) }, () => (seconds += 2000))
      expect(committed).toBeDefined()
      expect(committed?.json !== undefined).toBe(answer.now === day(20))
      expect(await clockOf(id)).toBe(Date.parse(answer.now))
      answers.push(answer)
      expect(request).toBeLessThan(30)
    }
    expect(answers.length).toBeGreaterThan(3)
    expect(inParts).toEqual(done)
    expect(answers.reduce((sum, one) => sum + one.due, 0)).toBe(due)
    expect((await readRows(id, ['idempotency_keys']))['idempotency_keys']).toHaveLength(1)
  })

  it('makes no more calls in one request than a Worker may, and the same request goes on', async () => {
    const api = await organization()
    await move(api, day(0))
    await plant(
      api.id,
      Array.from({ length: 450 }, (_, index) => ({ kind: 'bill', subject: String(index), dueAt: at(1) + index })),
    )
    const done: string[] = []
    let requests = 0
    for (let reached = ''; reached !== day(20); requests++) {
      const ctx = await contextOf(api.id, chain(done, DAY, 0))
      reached = (await moveTestClock(ctx, { now: at(20) })).answer.now
      expect(ctx.session.calls()).toBeLessThan(850)
    }
    expect([requests, done.length, new Set(done).size]).toEqual([3, 450, 450])
  })

  it('with a key that was used for another move is refused before anything is done', async () => {
    const api = await organizationWithMeter()
    const KEY = { 'Idempotency-Key': 'a key' }
    await move(api, day(0), KEY)
    await withClock(api.token).post('/ingest', { event: ride('one', '1') })
    await plant(api.id, [{ kind: 'ACCOUNT_CHANGED', subject: 'acme main', dueAt: at(3) }])
    const before = await readRows(api.id)
    expect((await move(api, day(5), KEY)).status).toBe(422)
    expect([compareRows(before, await readRows(api.id)), await clockOf(api.id)]).toEqual([[], at(0)])
    expect((await move(api, day(0), KEY)).headers.get('Idempotency-Replayed')).toBe('true')
  })

  it('in a dry run counts the work that is known, and does none of it', async () => {
    const api = await organizationWithMeter()
    await move(api, day(0))
    await withClock(api.token).post('/ingest', { event: ride('one', '1') })
    await plant(api.id, [
      { kind: 'ACCOUNT_CHANGED', subject: 'acme main', dueAt: at(3) },
      { kind: 'JOB', subject: 'none', dueAt: at(9) },
    ])
    const before = await readRows(api.id)
    const { body } = await withClock(api.token).call('POST', '/test_clock?dry_run=true', { now: day(5) })
    expect(body).toEqual({ now: day(5), target: day(5), due: 1 })
    expect([compareRows(before, await readRows(api.id)), await clockOf(api.id)]).toEqual([[], at(0)])
  })
})

describe('scheduled work', () => {
  const runScheduled = (steps: readonly DueStep[], now = Date.now()) =>
    doAllDue({ session: connect(env.DB).primary(), ledgers, now, secrets: [], conflicts }, steps, () => 0)

  it('of an organization with a clock is done up to that clock and not beyond, by its time', async () => {
    const kind = `bill ${crypto.randomUUID()}`
    const done: string[] = []
    const steps: DueStep[] = [
      {
        kind,
        run: async (ctx, row) => {
          done.push(`${row.subject} ${iso(ctx.now)} ${Math.abs(ctx.wallClock - Date.now()) < 60_000}`)
          await commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
        },
      },
    ]
    const [behind, ahead, real] = [await organization(), await organization(), await organization()]
    const future = iso(Date.now() + 100 * DAY)
    await move(behind, day(2))
    await move(ahead, future)
    const now = Date.now()
    await plant(
      behind.id,
      [1, 3, 4].map((days) => ({ kind, subject: `behind ${days}`, dueAt: at(days) })),
    )
    await plant(
      ahead.id,
      [50, 101].map((days) => ({ kind, subject: `ahead ${days}`, dueAt: now + days * DAY })),
    )
    await plant(
      real.id,
      [-1, 1].map((days) => ({ kind, subject: `real ${days}`, dueAt: now + days * DAY })),
    )
    await runScheduled(steps, now)
    expect(done.toSorted()).toEqual([`ahead 50 ${future} true`, `behind 1 ${day(2)} true`, `real -1 ${iso(now)} true`])
    expect((await dueOf(behind.id)).map(([, subject]) => subject)).toEqual(['behind 3', 'behind 4'])
    expect((await dueOf(ahead.id)).map(([, subject]) => subject)).toEqual(['ahead 101'])
    expect((await dueOf(real.id)).map(([, subject]) => subject)).toEqual(['real 1'])
    await runScheduled(steps, now)
    expect(done).toHaveLength(3)
    await moveBy(behind.id, steps, at(3))
    expect(done.at(-1)).toBe(`behind 3 ${day(3)} true`)
  })
})
