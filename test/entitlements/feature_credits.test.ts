import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { changed, client, writesIn } from '../helpers/api.ts'
import { entitlementCard, overageCard, withFeature } from '../helpers/entitled.ts'
import { doDue } from '../helpers/ledgers.ts'
import { gate, throughLedgers, watchedLedgers } from '../helpers/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-04-01T00:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const START = '2026-04-01T00:00:00Z'

const withPlan = async (card: Loose, more: Loose = {}) => {
  const api = await withFeature(START)
  const { featureId } = api
  const planId = await api.plan({ billingEntitlementRateCards: [entitlementCard(featureId, 10, card)], ...more })
  await api.account('acc', planId, '2026-04-01')
  return { ...api, planId }
}

/** A database that fails at the nth write of a request. */
const failingAt = (nth: number) => {
  let commits = 0
  return changed((session) => ({
    batch: (statements) => {
      if (writesIn(statements) && ++commits === nth) throw new Error('planted')
      return session.batch(statements)
    },
  }))
}

const shown = ({ id, effectiveFrom, effectiveUntil, granted, source, status }: Loose) => [
  id.replace(/^sch\.\w+\.\w+/, ''),
  source,
  status,
  effectiveFrom.slice(0, 10),
  effectiveUntil.slice(0, 10),
  granted,
]

describe('the credits of cycles', () => {
  it('are granted when each begins, for the windows of the card, and expire', async () => {
    const api = await withPlan({
      featureConfigs: [
        { effectiveUntil: 'P1M', featureCreditLimit: 10 },
        { effectiveFrom: 'P10D', effectiveUntil: 'P20D', featureCreditLimit: 2.5 },
      ],
    })
    const april = ['#2026-04-01$PRICE_PLAN', 'PRICE_PLAN', 'ACTIVE', '2026-04-01', '2026-05-01', 10]
    const second = ['#2026-04-01$PRICE_PLAN.2', 'PRICE_PLAN', 'ACTIVE', '2026-04-11', '2026-04-21', 2.5]
    expect((await api.entries('acc')).map(shown)).toEqual([second, april])
    expect(await api.credits('acc')).toMatchObject({ granted: 10, balance: 10 })
    await api.moveTo('2026-04-11T00:00:00Z')
    expect(await api.credits('acc')).toMatchObject({ granted: 12.5, balance: 12.5 })
    await api.moveTo('2026-05-01T00:00:00Z')
    expect(await api.credits('acc')).toMatchObject({ granted: 10, balance: 10 })
    const expired = (entry: (string | number)[]) => entry.with(2, 'EXPIRED')
    expect((await api.entries('acc')).map(shown).slice(-2)).toEqual([expired(second), expired(april)])
    await doDue(api.id)
    expect(await api.entries('acc')).toHaveLength(4)
  })

  it.each([
    [{ effectiveUntil: 'P0D' }, 'must be longer than effectiveFrom, which is PT0S'],
    [{ effectiveFrom: 'P2M', effectiveUntil: 'P1M' }, 'must be longer than effectiveFrom, which is P2M'],
    [{ effectiveFrom: 'P1M', effectiveUntil: 'P1M' }, 'must be longer than effectiveFrom, which is P1M'],
    [{ effectiveUntil: '1 month' }, 'must be a duration of ISO 8601, such as P1M'],
    [{ effectiveFrom: 'P30D', effectiveUntil: 'P1M' }, undefined],
  ])('are not sold for a time that never is: %o', async (window, message) => {
    const { post, featureId } = await withFeature(START)
    const card = entitlementCard(featureId, 10, { featureConfigs: [{ ...window, featureCreditLimit: 10 }] })
    const { status, body } = await post('/price_plans', {
      name: 'Windows',
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'MONTHLY', gracePeriod: 2, startOffset: { dayOffset: '1', monthOffset: 'NIL' } },
        billingEntitlementRateCards: [card],
      },
    })
    expect([status, body.message?.split('.').pop()]).toEqual(message === undefined ? [200, undefined] : [400, `effectiveUntil: ${message}`])
  })

  it('come every so many cycles, behind those that are free', async () => {
    const api = await withPlan({ recurrenceConfig: { interval: 2, offset: 1 } })
    const counts: number[] = []
    for (const month of ['04', '05', '06', '07', '08']) {
      await api.moveTo(`2026-${month}-01T00:00:00Z`)
      counts.push((await api.entries('acc')).length)
    }
    expect(counts).toEqual([0, 1, 1, 2, 2])
    expect((await api.entitle('acc', 1, '2026-07-01T00:00:00Z')).status).toBe(200)
  })

  it('stay until they end when the plan does, and are not granted by the next one again', async () => {
    const api = await withPlan({}, { entitlementOverageRateCards: [] })
    await api.moveTo('2026-04-10T12:00:00Z')
    await api.done(
      api.post('/accounts/acc/price_plans', { mode: 'DISASSOCIATE', effectiveFrom: '2026-04-15', effectiveUntil: '9999-01-01' }),
    )
    await api.moveTo('2026-04-20T00:00:00Z')
    expect((await api.entitle('acc', 3, '2026-04-20T00:00:00Z')).status).toBe(200)
    await api.moveTo('2026-06-01T00:00:00Z')
    expect((await api.entries('acc')).map(shown)).toEqual([
      ['#2026-04-01$PRICE_PLAN', 'PRICE_PLAN', 'EXPIRED', '2026-04-01', '2026-05-01', 10],
    ])
  })

  it('become void with the plan that another one takes the place of from the first day of the cycle on', async () => {
    const api = await withFeature(START)
    const open = { allow_ongoing_cycle_updates: true }
    const [first, next] = [
      await api.plan({ ...open, billingEntitlementRateCards: [entitlementCard(api.featureId, 10)] }),
      await api.plan({ ...open, billingEntitlementRateCards: [entitlementCard(api.featureId, 25)] }),
    ]
    await api.account('acc', first, '2026-04-01')
    await api.entitle('acc', 4, START)
    await api.moveTo('2026-04-10T00:00:00Z')
    await api.give('acc', next, '2026-04-01')
    expect(await api.credits('acc')).toMatchObject({ granted: 25, balance: 25 })
    expect((await api.entries('acc')).map(({ status, used, balance }: Loose) => [status, used, balance]).toSorted()).toEqual([
      ['ACTIVE', 0, 25],
      ['VOIDED', 4, 0],
    ])
  })

  it('are granted for cycles that a plan has in the past, too', async () => {
    const api = await withFeature('2026-06-10T00:00:00Z')
    const planId = await api.plan({ billingEntitlementRateCards: [entitlementCard(api.featureId, 10)] })
    await api.account('acc', planId, '2026-04-01')
    expect((await api.entries('acc')).map(({ effectiveFrom }: Loose) => effectiveFrom.slice(0, 10))).toEqual([
      '2026-06-01',
      '2026-05-01',
      '2026-04-01',
    ])
  })

  it('are the same when nothing ran for a month', async () => {
    const [late, steady] = [await withPlan({}), await withPlan({})]
    for (const day of ['2026-05-01', '2026-05-15', '2026-06-01', '2026-06-20']) await steady.moveTo(`${day}T00:00:00Z`)
    await late.moveTo('2026-06-20T00:00:00Z')
    expect((await late.entries('acc')).map(shown)).toEqual((await steady.entries('acc')).map(shown))
  })
})

describe('an entry', () => {
  it('is changed as far as it is not used (feature-grant-up, feature-grant-down)', async () => {
    const api = await withPlan({ featureConfigs: [{ effectiveUntil: 'P1M', featureCreditLimit: 100 }] })
    const [{ id }] = (await api.entries('acc')) as [Loose]
    await api.entitle('acc', 80, START)
    const down = await api.change('acc', id, { granted: 70 })
    expect([down.status, down.body.message]).toEqual([400, 'granted: must be 80 at least, which have been used'])
    expect((await api.change('acc', id, { granted: 120 })).body).toMatchObject({ granted: 120, balance: 40, used: 80 })
    expect((await api.change('acc', id, { granted: 80, effectiveUntil: '2026-04-20T00:00:00Z' })).body).toMatchObject({
      balance: 0,
      effectiveUntil: '2026-04-20T00:00:00.000Z',
    })
    expect((await api.entitle('acc', 1, START)).status).toBe(400)
    for (const effectiveUntil of ['2026-04-01T00:00:00Z', '2026-03-01T00:00:00Z'])
      expect((await api.change('acc', id, { effectiveUntil })).status).toBe(400)
    expect((await api.change('acc', id, {})).status).toBe(200)
    await api.moveTo('2026-04-20T00:00:00Z')
    expect((await api.change('acc', id, { granted: 200 })).status).toBe(409)
  })

  it('becomes void once, and keeps what was used', async () => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    await api.entitle('acc', 4, START)
    expect((await api.end('acc', id)).body).toEqual({ success: true })
    expect(await api.entries('acc')).toMatchObject([{ status: 'VOIDED', used: 4, balance: 0, granted: 10 }])
    expect([(await api.end('acc', id)).status, (await api.change('acc', id, { granted: 50 })).status]).toEqual([409, 409])
    expect((await api.entitle('acc', 1, START)).status).toBe(400)
    expect(await api.credits('acc')).toMatchObject({ granted: 0, balance: 0 })
  })

  it('that counts overage follows from the plan, and is not changed', async () => {
    const api = await withFeature(START)
    const planId = await api.plan({ entitlementOverageRateCards: [overageCard(api.featureId, 1)] })
    await api.account('acc', planId, '2026-04-01')
    const [entry] = (await api.entries('acc')) as [Loose]
    expect(entry).toEqual({
      id: expect.stringMatching(/^sch\.\w+\.\w+#2026-04-01\$OVERAGE$/),
      source: 'OVERAGE',
      status: 'ACTIVE',
      effectiveFrom: '2026-04-01T00:00:00.000Z',
      effectiveUntil: '2026-05-01T00:00:00.000Z',
      used: 0,
    })
    expect([(await api.end('acc', entry.id)).status, (await api.change('acc', entry.id, { granted: 5 })).status]).toEqual([409, 409])
  })

  it('that is not there is 404, of another account or feature too', async () => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    expect((await api.change('acc', `${id}.7`, { granted: 5 })).status).toBe(404)
    expect((await api.change('acme main', id, { granted: 5 })).status).toBe(404)
    expect((await api.get('/accounts/nobody/features/x')).status).toBe(404)
    expect((await api.get('/accounts/acc/features/feature.none')).status).toBe(404)
    expect((await api.change('acc', id, { granted: 5 }, { 'If-Match': '"1"' })).status).toBe(412)
    expect(await api.credits('acc')).toMatchObject({ granted: 10 })
  })

  it('is changed at the same moment as it is used: never to less than has been taken', async () => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    const [change, ...used] = await Promise.all([
      api.change('acc', id, { granted: 4 }),
      ...Array.from({ length: 10 }, () => api.entitle('acc', 1, START)),
    ])
    const passed = used.filter(({ status }) => status === 200).length
    const { granted, balance } = await api.credits('acc')
    expect(change.status).toBe(granted === 4 ? 200 : 400)
    expect([granted, granted - balance]).toEqual([expect.toBeOneOf([4, 10]), passed])
  })

  it('is changed by many at once in some order, and traced once for each change', async () => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    const answers = await Promise.all([11, 12, 13, 14].map((granted) => api.change('acc', id, { granted })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const { results } = await env.DB.prepare(
      "SELECT changes FROM audit_log WHERE organization_id = ? AND resource_type = 'FEATURE_CREDIT_ENTRY' ORDER BY sequence",
    )
      .bind(api.id)
      .all<{ changes: string }>()
    const grants = results.map(({ changes }) => JSON.parse(changes).granted)
    expect(grants.map(([old]) => old)).toEqual([null, ...grants.slice(0, -1).map(([, now]) => now)])
    expect(String((await api.entries('acc'))[0].granted)).toBe(grants.at(-1)[1])
    expect(grants).toHaveLength(5)
  })

  it('is what the ledger has made of it when a change was written down over another one', async () => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    const path = `/accounts/acc/features/${api.featureId}/entries/${encodeURIComponent(id)}`
    const [read, asked, over, done] = [gate(), gate(), gate(), gate()]
    const calls = [new Set<string>(), new Set<string>()] as const
    /** Whether a call of a request is its first to a method. */
    const isFirst = (of: Set<string>, method: string, wanted: string): boolean => method === wanted && !of.has(method) && !!of.add(method)
    const one = throughLedgers(
      api.token,
      watchedLedgers(async ({ method }, call) => {
        if (isFirst(calls[0], method, 'readFeatureEntries')) await read.opened
        if (!isFirst(calls[0], method, 'changeGrant')) return call()
        asked.open()
        await Promise.race([over.opened, scheduler.wait(300)])
        const its = await call()
        done.open()
        await scheduler.wait(300)
        return its
      }),
    )(path, { granted: 20 }, {}, 'PATCH')
    const other = throughLedgers(
      api.token,
      watchedLedgers(async ({ method }, call) => {
        if (isFirst(calls[1], method, 'readFeatureEntries')) {
          read.open()
          await asked.opened
        }
        if (isFirst(calls[1], method, 'changeGrant')) {
          over.open()
          await done.opened
        }
        return call()
      }),
    )(path, { granted: 30 }, {}, 'PATCH')
    const answers = await Promise.all([one, other])
    expect(answers.map(({ status, body }) => [status, body.granted])).toEqual([
      [200, 20],
      [200, 30],
    ])
    const [{ granted }] = (await api.entries('acc')) as [Loose]
    const { results } = await env.DB.prepare('SELECT granted FROM feature_entries WHERE organization_id = ?').bind(api.id).all()
    expect(results).toEqual([{ granted: String(granted) }])
  })

  it('answers a change with a key again as it was', async () => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    const key = { 'Idempotency-Key': 'one' }
    const first = await api.change('acc', id, { granted: 20 }, key)
    await api.change('acc', id, { granted: 30 })
    const again = await api.change('acc', id, { granted: 20 }, key)
    expect([again.status, again.body, again.headers.get('Idempotency-Replayed')]).toEqual([200, first.body, 'true'])
    expect((await api.change('acc', id, { granted: 40 }, key)).status).toBe(422)
    expect((await api.entries('acc'))[0].granted).toBe(30)
  })

  it('says in a dry run what it would be, and changes nothing', async () => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    const path = `/accounts/acc/features/${api.featureId}/entries/${encodeURIComponent(id)}`
    expect((await api.call('PATCH', `${path}?dry_run=true`, { granted: 20 })).body).toMatchObject({ granted: 20, balance: 20 })
    expect((await api.call('POST', `${path}/void?dry_run=true`)).body).toEqual({ success: true })
    expect(await api.entries('acc')).toMatchObject([{ granted: 10, status: 'ACTIVE' }])
  })

  it.each([1, 2])('is made void under a key though its request dies at commit %d, and answers so when it is sent again', async (dies) => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    const sent = [
      'POST',
      `/accounts/acc/features/${api.featureId}/entries/${encodeURIComponent(id)}/void`,
      undefined,
      { 'Idempotency-Key': 'void' },
    ] as const
    expect((await client(api.token, failingAt(dies)).call(...sent)).status).toBe(500)
    for (const again of [await api.call(...sent), await api.call(...sent)])
      expect([again.status, again.body]).toEqual([200, { success: true }])
    expect(await api.credits('acc')).toMatchObject({ granted: 0, balance: 0 })
  })

  it.each([1, 2])('is changed to the end if its request dies at commit %d', async (dies) => {
    const api = await withPlan({})
    const [{ id }] = (await api.entries('acc')) as [Loose]
    const path = `/accounts/acc/features/${api.featureId}/entries/${encodeURIComponent(id)}`
    expect((await client(api.token, failingAt(dies)).call('PATCH', path, { granted: 20 })).status).toBe(500)
    await doDue(api.id, undefined, Date.parse('2026-04-01T00:01:00Z'))
    const granted = dies === 1 ? 10 : 20
    expect((await api.entries('acc'))[0].granted).toBe(granted)
    const rows = await env.DB.prepare(
      'SELECT granted, asked, carried = version AS isCarried FROM feature_entries WHERE organization_id = ?',
    )
      .bind(api.id)
      .all()
    expect(rows.results).toEqual([{ granted: String(granted), asked: null, isCarried: 1 }])
    expect((await api.change('acc', id, { granted: 25 })).body).toMatchObject({ granted: 25 })
  })

  it('that gives units back is changed by many at once in some order', async () => {
    const api = await withPlan({ featureConfigs: [{ effectiveUntil: 'P1D', featureCreditLimit: 10 }] })
    await api.entitle('acc', 4, START, 'four')
    await api.moveTo('2026-04-03T00:00:00Z')
    await api.done(api.post('/events/correction?action=UNDO&account_id=acc&event_id=four'))
    const [{ id }] = (await api.entries('acc')) as [Loose]
    const answers = await Promise.all([5, 6, 7].map((granted) => api.change('acc', id, { granted })))
    expect(answers.map(({ status, body }) => [status, body.granted])).toEqual([
      [200, 5],
      [200, 6],
      [200, 7],
    ])
  })

  it('that gives units back can be changed like others', async () => {
    const api = await withPlan({ featureConfigs: [{ effectiveUntil: 'P1D', featureCreditLimit: 10 }] })
    await api.entitle('acc', 4, START, 'four')
    await api.moveTo('2026-04-03T00:00:00Z')
    await api.done(api.post('/events/correction?action=UNDO&account_id=acc&event_id=four'))
    const [{ id, source }] = (await api.entries('acc')) as [Loose]
    expect(source).toBe('REFUND')
    expect((await api.change('acc', id, { granted: 6 })).body).toMatchObject({ granted: 6, balance: 6 })
    expect((await api.end('acc', id)).status).toBe(200)
  })
})

it('lists entries page by page, those that begin last first', async () => {
  const api = await withPlan({
    featureConfigs: Array.from({ length: 7 }, (_, index) => ({
      effectiveFrom: `P${index}D`,
      effectiveUntil: `P${index + 1}D`,
      featureCreditLimit: 1,
    })),
  })
  const path = `/accounts/acc/features/${api.featureId}/entries`
  const found: string[] = []
  let nextToken: string | undefined
  do {
    const { status, body } = await api.get(
      `${path}?pageSize=3${nextToken === undefined ? '' : `&nextToken=${encodeURIComponent(nextToken)}`}`,
    )
    expect(status).toBe(200)
    found.push(...body.data.map(({ effectiveFrom }: Loose) => effectiveFrom.slice(8, 10)))
    ;({ nextToken } = body)
  } while (nextToken !== undefined)
  expect(found).toEqual(['07', '06', '05', '04', '03', '02', '01'])
  expect((await api.get(`${path}?pageSize=51`)).status).toBe(422)
})
