import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { doAllDue, doDueOf, systemContext } from '../../src/access/due/service.ts'
import { conflicts } from '../../src/conflicts.ts'
import { connect } from '../../src/db/client.ts'
import type { Ctx } from '../../src/db/context.ts'
import { steps } from '../../src/steps.ts'
import { alertsOf } from '../helpers/alerts.ts'
import { customer } from '../helpers/customer.ts'
import { changed, failed, ledgers, writesIn } from '../helpers/api.ts'
import { organizationWithMeter, ride, watchedLedgers } from '../helpers/metering.ts'
import { multiplyRows } from '../helpers/rows.ts'
import { publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const START = Date.parse('2026-03-01T00:00:00Z')
const MINUTE = 60_000
const DAY = 1440 * MINUTE

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(START)
})

afterEach(() => {
  vi.useRealTimers()
})

/** Only alerts and incidents, so that nothing else is among the calls that are counted. */
const alertSteps = steps.filter(({ kind }) => kind === 'ALERT' || kind === 'INCIDENT')

const contextOf = (id: string, now: number, more: Partial<Pick<Ctx, 'session' | 'ledgers'>> = {}): Ctx =>
  systemContext(
    { session: connect(env.DB).primary(), ledgers, now, secrets: [env.SIGNING_SECRET], conflicts, ...more },
    { id, baseCurrency: 'USD' },
  )

const run = (id: string, now: number) => doDueOf(contextOf(id, now), alertSteps)

/** An organization with alerts whose conditions are met: of events that could not be processed, and of credits that are few. */
const withAlerts = async () => {
  const api = await organizationWithMeter()
  const alerts = alertsOf(api)
  let made = 0
  const fail = async (count: number) => {
    const events = Array.from({ length: count }, () => ride(`event ${made++}`, '1', { schemaName: 'unknown' }))
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
  }
  const give = async (amount: number, accountId = 'acme main') =>
    expect(
      (
        await api.post('/credits', {
          creditRequests: [{ accountId, purpose: 'test', effectiveFrom: '2026-03-01', creditAmount: amount, priority: 1 }],
        })
      ).status,
    ).toBe(200)
  const dueOf = (subject: string) =>
    env.DB.prepare("SELECT due_at FROM due WHERE organization_id = ? AND kind = 'ALERT' AND subject = ?")
      .bind(api.id, subject)
      .first<number>('due_at')
  /** How often webhooks are told of incidents. */
  const told = () =>
    env.DB.prepare("SELECT count(*) AS count FROM outbox WHERE organization_id = ? AND resource_type = 'INCIDENT'")
      .bind(api.id)
      .first<number>('count')
  return { ...api, ...alerts, fail, give, dueOf, told }
}

describe('a check', () => {
  it('that many runs make at the same moment opens one incident, of which webhooks are told once', async () => {
    const api = await withAlerts()
    const events = await api.watch('unprocessed-events-organization')
    const credits = await api.watch('credit-balance-account', { account: 'acme main', threshold: 5 })
    const all = await api.watch('credit-balance-organization', { threshold: 5 })
    await api.give(1)
    await api.fail(3)
    const runs = await Promise.all(Array.from({ length: 6 }, () => run(api.id, START + 30 * MINUTE)))
    expect(runs.flatMap(({ errors }) => errors)).toEqual([])
    for (const alert of [events, credits, all]) {
      expect(await api.short(alert)).toEqual([['03-01 00:30', 'OPEN', alert === events ? 3 : 1]])
      expect(await api.dueOf(alert)).toBe(START + 60 * MINUTE)
    }
    expect(await api.told()).toBe(3)
    await Promise.all(Array.from({ length: 6 }, () => run(api.id, START + 60 * MINUTE)))
    expect([await api.short(events), await api.short(credits)]).toEqual([[['03-01 00:30', 'CLOSED', 3]], [['03-01 00:30', 'OPEN', 1]]])
    expect(await api.told()).toBe(4)
  })

  it('that is late by a day is made once, as of then, and the next one is in time', async () => {
    const api = await withAlerts()
    const alert = await api.watch('unprocessed-events-organization')
    await api.fail(2)
    const late = START + 30 * MINUTE + DAY + 7 * MINUTE
    expect((await run(api.id, late)).done).toBe(1)
    expect(await api.incidents(alert)).toMatchObject([
      { createdAt: new Date(late).toISOString(), lastCheckedAt: new Date(late).toISOString(), reportData: { observed: { value: 2 } } },
    ])
    expect(await api.dueOf(alert)).toBe(START + DAY + 60 * MINUTE)
  })

  it.each(['before', 'after'] as const)(
    'that dies at any call, %s it is made, is made by the next run, and nothing twice',
    async (when) => {
      const LOST = failed('Network connection lost.')
      let deaths = 0
      for (let call = 0; ; call++) {
        const api = await withAlerts()
        const ids = [
          await api.watch('unprocessed-events-organization'),
          await api.watch('unprocessed-events-account', { account: 'acme main' }),
          await api.watch('credit-balance-organization', { threshold: 5 }),
        ]
        await api.give(1)
        await api.fail(2)
        let calls = 0
        const dying = async <Result>(make: () => Promise<Result>): Promise<Result> => {
          const isLast = calls++ === call
          if (isLast && when === 'before') throw LOST
          const result = await make()
          if (isLast) throw LOST
          if (calls > call + 1) throw new Error('the run has died')
          return result
        }
        const d1 = changed((session) => ({
          prepare: (query) => {
            const wrap = (statement: D1PreparedStatement): D1PreparedStatement =>
              new Proxy(statement, {
                get: (of, name) => {
                  if (name === 'bind') return (...values: unknown[]) => wrap(of.bind(...values))
                  if (name === 'all') return () => dying(() => of.all())
                  return Reflect.get(of, name)
                },
              })
            return wrap(session.prepare(query))
          },
          batch: (statements) => dying(() => session.batch(statements)) as never,
        }))
        const watched = { ...watchedLedgers((_, make) => dying(make)), usage: { calls: 0, ms: 0 } }
        const now = START + 30 * MINUTE
        const first = await doDueOf(contextOf(api.id, now, { session: connect(d1).primary(), ledgers: watched }), alertSteps).catch(
          (error: unknown) => ({ errors: [error] }),
        )
        const hasDied = calls > call
        if (hasDied) deaths++
        else expect(first.errors).toEqual([])
        await run(api.id, now + MINUTE)
        await run(api.id, now + 2 * MINUTE)
        for (const id of ids) {
          const its = await api.incidents(id)
          expect([call, its.map(({ status, reportData }: Loose) => [status, reportData.observed.value])]).toEqual([
            call,
            [['OPEN', id === ids[2] ? 1 : 2]],
          ])
        }
        expect([call, await api.told()]).toEqual([call, 3])
        await run(api.id, now + 30 * MINUTE)
        expect([call, (await api.short(ids[0])).map(([, status]) => status)]).toEqual([call, ['CLOSED']])
        if (!hasDied) break
      }
      expect(deaths).toBeGreaterThan(8)
    },
  )

  it('of many alerts of accounts is made with few calls', async () => {
    const api = await withAlerts()
    await api.give(1)
    const ids: string[] = []
    for (let index = 0; index < 50; index++) {
      vi.setSystemTime(START + index * 1000)
      ids.push(
        index % 2
          ? await api.watch('credit-balance-account', { account: 'acme main', threshold: 5 })
          : await api.watch('usage-threshold-account', { account: 'acme main', meter: api.meterId, threshold: 5 }),
      )
    }
    const { usage, primary } = connect(env.DB)
    const own = { ...ledgers, usage: { calls: 0, ms: 0 } }
    const { done } = await doDueOf(contextOf(api.id, START + 31 * MINUTE, { session: primary(), ledgers: own }), alertSteps)
    expect(done).toBeGreaterThan(0)
    expect(usage.calls + own.usage.calls).toBeLessThan(20)
    expect(await api.incidents()).toHaveLength(25)
  })

  it('reads no more where others have many alerts, incidents and unpaid invoices', async () => {
    const rowsRead = async (others: number): Promise<number> => {
      const api = await withAlerts()
      await api.give(1)
      const other = await api.post('/customers', { ...customer('other'), account: { id: 'other', name: 'Other' } })
      expect(other.status).toBe(201)
      const opened = await api.watch('credit-balance-account', { account: 'other', threshold: 1 }, { status: 'INACTIVE' })
      const invoice = {
        accountId: 'other',
        startDate: '2026-02-01T00:00:00Z',
        endDate: '2026-02-03T00:00:00Z',
        status: 'DUE',
        lineItems: [{ description: 'Help', value: 12.5 }],
      }
      expect((await api.post('/invoices', invoice)).body.message).toBeUndefined()
      for (const template of ['credit-balance', 'invoice-due', 'invoice-overdue', 'unprocessed-events'])
        await api.watch(`${template}-account`, { account: 'acme main', ...(template === 'credit-balance' && { threshold: 5 }) })
      expect((await api.post('/invoices', { ...invoice, idempotencyKey: 'another' })).body.message).toBeUndefined()
      await multiplyRows('alerts', api.id, others, { status: "'INACTIVE'" })
      await multiplyRows('invoices', api.id, others, {
        sequence: 'sequence + 10 * (1 + value)',
        sequence_id: 'null',
        idempotency_key: 'null',
      })
      const incident = `INSERT INTO incidents SELECT 'incident.' || ?2 || value, ?1, ?2, 1, '', 'CLOSED', null, null, ?4, 1, value, 1, 1 FROM json_each(?3)`
      await env.DB.prepare(incident)
        .bind(api.id, opened, JSON.stringify(Array.from({ length: others }, (_, index) => index)), '{"observed":"0","threshold":"1"}')
        .run()
      const { usage, primary } = connect(env.DB)
      await doDueOf(contextOf(api.id, START + 31 * MINUTE, { session: primary() }), alertSteps)
      expect((await api.incidents()).filter(({ status }) => status === 'OPEN')).toHaveLength(1)
      return usage.rowsRead
    }
    const few = await rowsRead(1)
    expect(await rowsRead(300)).toBeLessThan(few + 100)
  }, 60_000)

  it('of an alert that is changed while it is made looks at the change', async () => {
    const api = await withAlerts()
    const alert = await api.watch('credit-balance-account', { account: 'acme main', threshold: 5 })
    await api.give(1)
    let isChanged = false
    const d1 = changed((session) => ({
      batch: async (statements) => {
        if (writesIn(statements) && !isChanged) {
          isChanged = true
          await api.change(alert, { parameters: { threshold: { value: 0.5 } } })
        }
        return session.batch(statements) as never
      },
    }))
    const { errors } = await doDueOf(contextOf(api.id, START + 30 * MINUTE, { session: connect(d1).primary() }), alertSteps)
    expect([errors, isChanged, await api.short(alert)]).toEqual([[], true, []])
    expect(await api.dueOf(alert)).toBe(START + 60 * MINUTE)
  })

  it('that comes late closes what has ended as of then, and opens what is found now', async () => {
    const api = await withAlerts()
    const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })
    const pricePlanId = await publishPlan(api, 'Plan', fee.id)
    const schedule = { pricePlanId, effectiveFrom: '2026-03-01', effectiveUntil: '9999-01-01' }
    expect((await api.post('/accounts/acme%20main/price_plans', schedule)).status).toBe(200)
    const alert = await api.watch('usage-threshold-account', { account: 'acme main', meter: api.meterId, threshold: 5 })
    for (const [index, timestamp] of ['2026-03-05T00:00:00Z', '2026-04-01T00:00:00Z'].entries())
      await api.post('/ingest', { event: ride(`used ${index}`, String(6 + index), { timestamp }) })
    await run(api.id, Date.parse('2026-03-31T23:10:00Z'))
    const late = Date.parse('2026-04-01T10:10:00Z')
    await run(api.id, late)
    vi.setSystemTime(late)
    const [before, after, ...others] = await api.incidents(alert)
    expect(before).toMatchObject({
      status: 'CLOSED',
      updatedAt: '2026-04-01T00:00:00.000Z',
      lastCheckedAt: '2026-03-31T23:10:00.000Z',
      reportData: { observed: { value: 6 } },
    })
    expect(after).toMatchObject({ status: 'OPEN', createdAt: '2026-04-01T10:10:00.000Z', reportData: { observed: { value: 7 } } })
    expect(others).toEqual([])
  })

  it('of an alert that is not to be checked any more is forgotten', async () => {
    const api = await withAlerts()
    const alert = await api.watch('credit-balance-account', { account: 'acme main', threshold: 5 }, { validity: 40 })
    await api.give(1)
    await run(api.id, START + 50 * MINUTE)
    expect([await api.dueOf(alert), await api.short(alert)]).toEqual([null, []])
  })

  it('of an account that is archived meanwhile finds nothing, and closes what is open', async () => {
    const api = await withAlerts()
    const alert = await api.watch('credit-balance-account', { account: 'acme main', threshold: 5 })
    await api.give(1)
    await run(api.id, START + 30 * MINUTE)
    expect((await api.delete('/accounts/acme%20main')).status).toBe(200)
    await run(api.id, START + 60 * MINUTE)
    expect(await api.short(alert)).toEqual([['03-01 00:30', 'CLOSED', 1]])
  })
})

describe('a check of all accounts', () => {
  /** Adds accounts that are as one of them, but for their ids, with what some tables have of it. */
  const addAccounts = async (id: string, count: number, tables: readonly (readonly [table: string, ids: readonly string[]])[]) => {
    for (const [table, ids] of tables) {
      const { results } = await env.DB.prepare('SELECT name FROM pragma_table_info(?)').bind(table).all<{ name: string }>()
      const names = results.map(({ name }) => name).filter((name) => name !== 'sequence')
      const values = names.map((name) => (ids.includes(name) ? `its.${name} || printf(' %05d', made.value)` : `its.${name}`))
      await env.DB.prepare(
        `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${table} AS its
         CROSS JOIN json_each(?2) AS made WHERE its.organization_id = ?1 AND its.${table === 'accounts' ? 'id' : 'account_id'} = 'acme main'`,
      )
        .bind(id, JSON.stringify(Array.from({ length: count }, (_, index) => index)))
        .run()
    }
  }

  it('goes on where it was left, whoever is killed, a bounded part at a time, and finds what all of them come to', async () => {
    const api = await withAlerts()
    await api.give(2)
    await addAccounts(api.id, 2500, [
      ['accounts', ['id', 'togai_account_id']],
      ['credits', ['id', 'account_id']],
    ])
    const alert = await api.watch('credit-balance-organization', { threshold: 5002.5 })
    const now = START + 30 * MINUTE
    const parts: number[] = []
    for (;;) {
      const { usage, primary } = connect(env.DB)
      let isFirst = true
      const { done } = await doDueOf(contextOf(api.id, now + parts.length * MINUTE, { session: primary() }), alertSteps, () => {
        const isOver = !isFirst
        isFirst = false
        return isOver && usage.calls > 2
      })
      parts.push(usage.calls)
      if (done) break
      expect(await api.short(alert)).toEqual([])
    }
    expect(parts).toHaveLength(3)
    expect(Math.max(...parts)).toBeLessThan(12)
    expect(await api.incidents(alert)).toMatchObject([
      { createdAt: '2026-03-01T00:30:00.000Z', reportData: { observed: { value: 5002, currency: 'USD' } } },
    ])
    expect(await api.dueOf(alert)).toBe(START + 60 * MINUTE)
  })

  it('begins anew when the alert was changed meanwhile', async () => {
    const api = await withAlerts()
    await api.give(2)
    await addAccounts(api.id, 1500, [
      ['accounts', ['id', 'togai_account_id']],
      ['credits', ['id', 'account_id']],
    ])
    const alert = await api.watch('credit-balance-organization', { threshold: 1 })
    let asked = 0
    await doDueOf(contextOf(api.id, START + 30 * MINUTE), alertSteps, () => asked++ > 2)
    const progress = () => env.DB.prepare('SELECT progress FROM alerts WHERE id = ?').bind(alert).first('progress')
    expect(await progress()).not.toBeNull()
    await api.change(alert, { parameters: { threshold: { value: 4000 } } })
    expect(await progress()).toBeNull()
    await run(api.id, START + 40 * MINUTE)
    expect(await api.incidents(alert)).toMatchObject([{ alertVersion: 2, createdAt: '2026-03-01T00:40:00.000Z' }])
  })

  it('by several runs at the same moment adds each account once', async () => {
    const api = await withAlerts()
    await api.give(2)
    await addAccounts(api.id, 3200, [
      ['accounts', ['id', 'togai_account_id']],
      ['credits', ['id', 'account_id']],
    ])
    const alert = await api.watch('credit-balance-organization', { threshold: 7000 })
    const runs = await Promise.all(Array.from({ length: 4 }, () => run(api.id, START + 30 * MINUTE)))
    expect(runs.flatMap(({ errors }) => errors)).toEqual([])
    await run(api.id, START + 31 * MINUTE)
    expect(await api.incidents(alert)).toMatchObject([{ reportData: { observed: { value: 6402 } } }])
    expect(await api.told()).toBe(1)
  })

  it('adds up their usage wherever they are among them', async () => {
    const api = await withAlerts()
    const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })
    const { body: plan } = await api.post('/price_plans', {
      name: 'Plan',
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 },
        fixedFeeRateCards: [{ id: fee.id, name: 'fee', enableProration: true, rateValues: [{ currency: 'USD', rate: 10 }] }],
      },
    })
    await api.post(`/price_plans/${plan.id}/activate`, { currencies: ['USD'] })
    const schedule = { pricePlanId: plan.id, effectiveFrom: '2026-03-01', effectiveUntil: '9999-01-01' }
    expect((await api.post('/accounts/acme%20main/price_plans', schedule)).status).toBe(200)
    await addAccounts(api.id, 2100, [
      ['accounts', ['id', 'togai_account_id']],
      ['schedules', ['id', 'account_id']],
      ['timelines', ['account_id']],
    ])
    await env.DB.prepare("DELETE FROM due WHERE organization_id = ? AND kind LIKE 'REVENUE%'").bind(api.id).run()
    const alert = await api.watch('usage-threshold-organization', { meter: api.meterId, threshold: 11.75 })
    for (const [index, accountId] of ['acme main', 'acme main 00998', 'acme main 00999', 'acme main 02099'].entries())
      await api.post('/ingest', {
        event: ride(`used ${index}`, ['1', '2.5', '4', '4.25'][index] ?? '', { accountId, timestamp: '2026-03-05T00:00:00Z' }),
      })
    const { usage, primary } = connect(env.DB)
    const own = { ...ledgers, usage: { calls: 0, ms: 0 } }
    const { errors } = await doDueOf(contextOf(api.id, START + 30 * MINUTE, { session: primary(), ledgers: own }), alertSteps)
    expect(errors).toEqual([])
    expect(usage.calls + own.usage.calls).toBeLessThan(40)
    expect(await api.incidents(alert)).toMatchObject([
      { reportData: { observed: { value: 11.75 } }, validUntil: '2026-04-01T00:00:00.000Z' },
    ])
  })

  it('does not keep the alerts of others waiting', async () => {
    const [large, small] = [await withAlerts(), await withAlerts()]
    await large.give(2)
    await small.give(2)
    await addAccounts(large.id, 2500, [
      ['accounts', ['id', 'togai_account_id']],
      ['credits', ['id', 'account_id']],
    ])
    const long = await large.watch('credit-balance-organization', { threshold: 9000 })
    vi.setSystemTime(START + MINUTE)
    const short = await small.watch('credit-balance-organization', { threshold: 5 })
    let ms = 0
    const done: string[] = []
    const its = alertSteps.map((step) => ({
      ...step,
      run: (ctx: Ctx, row: Loose) => {
        if (row.subject === long || row.subject === short) done.push(row.subject === long ? 'long' : 'short')
        ms += 1100
        return step.run(ctx, row)
      },
    }))
    const now = START + 40 * MINUTE
    await doAllDue({ session: connect(env.DB).primary(), ledgers, now, secrets: [], conflicts }, its, () => ms)
    expect(done).toEqual(['long', 'long', 'short', 'long'])
  })
})
