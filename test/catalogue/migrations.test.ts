import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { doDueOf, systemContext } from '../../src/access/due/service.ts'
import { jobStep } from '../../src/access/jobs/steps.ts'
import { catalogueSteps, catalogueWorkers } from '../../src/catalogue/steps.ts'
import { conflicts } from '../../src/conflicts.ts'
import { connect } from '../../src/db/client.ts'
import { type Answer, changed, failed, ledgers, organization } from '../helpers/api.ts'
import { doDue } from '../helpers/ledgers.ts'
import { fee, finish, idsOf, linesOf, newestJob, offsetsOf, withVersions } from '../helpers/migrations.ts'
import { announcedOf, monthly, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const TODAY = '2026-04-20T10:00:00Z'

const MODES = ['IMMEDIATE', 'IMMEDIATE_IGNORE_OVERRIDE', 'NEXT_CYCLE', 'NEXT_CYCLE_IGNORE_OVERRIDE', 'START_OF_CURRENT_CYCLE'] as const

const open = { allow_ongoing_cycle_updates: true }

const said = ({ status, body }: Answer): [number, unknown] => [status, body.message ?? body]

const locationOf = ({ headers }: Answer) => headers.get('Location')

/** Accounts that have the plan in different ways, of which "never" has another one. */
const withAccounts = async (first: Loose = {}, second: Loose = {}) => {
  const api = await withVersions(TODAY, first, second)
  const pro = await publishPlan(api, 'Pro', api.feeId)
  await api.addAccount('running', '2026-03-10')
  await api.addAccount('future', '2026-05-10', '2026-08-01')
  await api.addAccount('twice', '2026-04-05', '2026-05-05')
  await api.edit('twice', '2026-05-05', '2026-07-01', { pricePlanId: pro })
  await api.edit('twice', '2026-07-01')
  await api.addAccount('ending', '2026-03-01', '2026-04-21')
  await api.addAccount('ended', '2026-03-01', '2026-04-01')
  await api.addAccount('never', '2026-03-01', '9999-01-01', { pricePlanId: pro })
  await api.publishSecond()
  return { ...api, pro }
}

const NOT_FROM = (api: { planId: string }, day: string): string =>
  `COMPLETED: The account does not have the price plan "${api.planId}" in this version from ${day} on.`

/** Starts a migration whose job runs only when the test says so. */
const startLate = async (api: Awaited<ReturnType<typeof withVersions>>, more: Loose = {}): Promise<string> => {
  const path = locationOf(await api.migrate({ requireConfirmation: true, ...more })) ?? ''
  const id = path.split('/').at(-1) ?? ''
  await env.DB.batch([
    env.DB.prepare("UPDATE jobs SET status = 'PENDING' WHERE id = ?").bind(id),
    env.DB.prepare("INSERT INTO due (organization_id, kind, subject, due_at) VALUES (?, 'JOB', ?, ?)").bind(api.id, id, Date.now()),
  ])
  return path
}

describe('a migration', () => {
  it('IMMEDIATE is from tomorrow on: parts keep their days, what is cut keeps its id in front, and what was to come is replaced', async () => {
    const api = await withAccounts()
    const accounts = ['running', 'future', 'twice', 'ending']
    const before = await Promise.all(accounts.map((account) => idsOf(api, account)))
    const answer = await api.migrate()
    expect(said(answer)).toEqual([201, { success: true }])
    const { job, entries } = await finish(api, locationOf(answer))
    expect(job).toMatchObject({
      type: 'PRICE_PLAN',
      status: 'COMPLETED',
      totalJobEntries: 4,
      completedJobEntries: 4,
      metadata: { sourceId: api.planId, sourceVersion: '1', targetId: api.planId, targetVersion: '2', migrationMode: 'IMMEDIATE' },
    })
    expect(entries).toEqual({ ending: NOT_FROM(api, '2026-04-21'), future: 'COMPLETED', running: 'COMPLETED', twice: 'COMPLETED' })
    expect(await linesOf(api, 'running')).toEqual(['Basic 1 2026-03-10 2026-04-21', 'Basic 2 2026-04-21 9999-01-01'])
    expect(await linesOf(api, 'future')).toEqual(['Basic 2 2026-05-10 2026-08-01'])
    expect(await linesOf(api, 'twice')).toEqual([
      'Basic 1 2026-04-05 2026-04-21',
      'Basic 2 2026-04-21 2026-05-05',
      'Pro 1 2026-05-05 2026-07-01',
      'Basic 2 2026-07-01 9999-01-01',
    ])
    expect(await linesOf(api, 'ending')).toEqual(['Basic 1 2026-03-01 2026-04-21'])
    expect(await linesOf(api, 'ended')).toEqual(['Basic 1 2026-03-01 2026-04-01'])
    expect(await linesOf(api, 'never')).toEqual(['Pro 1 2026-03-01 9999-01-01'])
    const after = await Promise.all(accounts.map((account) => idsOf(api, account)))
    const all = [...before, ...after].flat()
    expect(after.map((ids, index) => ids.map((id) => before[index]?.includes(id)))).toEqual([
      [true, false],
      [false],
      [true, false, true, false],
      [true],
    ])
    expect(new Set(all).size).toBe(before.flat().length + 4)
  })

  it('NEXT_CYCLE is from the end of the cycle that is in force today', async () => {
    const api = await withAccounts()
    await api.addAccount('late', '2026-05-01')
    const { entries } = await finish(api, locationOf(await api.migrate({ migrationMode: 'NEXT_CYCLE' })))
    expect(entries).toEqual({ ending: NOT_FROM(api, '2026-04-21'), future: 'COMPLETED', running: 'COMPLETED', twice: 'COMPLETED' })
    expect(await linesOf(api, 'running')).toEqual(['Basic 1 2026-03-10 2026-05-01', 'Basic 2 2026-05-01 9999-01-01'])
    expect(await linesOf(api, 'future')).toEqual(['Basic 2 2026-05-10 2026-08-01'])
    expect((await linesOf(api, 'twice')).slice(0, 2)).toEqual(['Basic 1 2026-04-05 2026-05-01', 'Basic 2 2026-05-01 2026-05-05'])
    vi.setSystemTime(Date.parse('2026-05-31T23:00:00Z'))
    const back = await finish(api, locationOf(await api.migrate({ sourceVersion: 2, targetVersion: 1, migrationMode: 'NEXT_CYCLE' })))
    expect(back.entries['late']).toBe('COMPLETED')
    expect(await linesOf(api, 'late')).toEqual(['Basic 2 2026-05-01 2026-06-01', 'Basic 1 2026-06-01 9999-01-01'])
  })

  it('START_OF_CURRENT_CYCLE is from the start of the cycle, if both versions are open', async () => {
    const api = await withAccounts(open)
    const { entries } = await finish(api, locationOf(await api.migrate({ migrationMode: 'START_OF_CURRENT_CYCLE' })))
    expect(entries).toEqual({ ending: 'COMPLETED', future: 'COMPLETED', running: 'COMPLETED', twice: 'COMPLETED' })
    expect(await linesOf(api, 'running')).toEqual(['Basic 1 2026-03-10 2026-04-01', 'Basic 2 2026-04-01 9999-01-01'])
    expect((await linesOf(api, 'twice')).slice(0, 2)).toEqual(['Basic 2 2026-04-05 2026-05-05', 'Pro 1 2026-05-05 2026-07-01'])
    expect(await linesOf(api, 'ending')).toEqual(['Basic 1 2026-03-01 2026-04-01', 'Basic 2 2026-04-01 2026-04-21'])
    expect(await linesOf(api, 'future')).toEqual(['Basic 2 2026-05-10 2026-08-01'])
  })

  it.each(['source', 'target'])('START_OF_CURRENT_CYCLE leaves what has begun if the %s is not open, and says why', async (closed) => {
    const api = await withAccounts(closed === 'source' ? {} : open)
    const pro = await publishPlan(api, 'Other', api.feeId, closed === 'source' ? open : {})
    const { job, entries } = await finish(api, locationOf(await api.migrate({ targetId: pro, migrationMode: 'START_OF_CURRENT_CYCLE' })))
    const refused =
      'FAILED: What is in force until 2026-04-21 cannot be changed: a cycle that has begun takes another price plan only if deferredRevenue or allowOngoingCycleUpdates is true in both.'
    expect(entries).toEqual({ ending: refused, future: 'COMPLETED', running: refused, twice: refused })
    expect([job.status, job.failedJobEntries, job.completedJobEntries]).toEqual(['COMPLETED', 3, 1])
    expect(await linesOf(api, 'running')).toEqual(['Basic 1 2026-03-10 9999-01-01'])
    expect(await linesOf(api, 'future')).toEqual(['Other 1 2026-05-10 2026-08-01'])
  })

  it.each(MODES)(
    '%s skips the whole account if any schedule that it would move, also a later one, has something instead of a part of the plan, or drops that',
    async (migrationMode) => {
      const api = await withVersions(TODAY, open)
      const fifteenth = { ...monthly, startOffset: { dayOffset: '15', monthOffset: 'NIL' } }
      const details: Loose = {
        cards: { fixedFeeRateCards: fee(api.feeId, 7) },
        cycle: { pricingCycleConfig: fifteenth },
      }
      for (const account of ['cards', 'cycle'])
        await api.addAccount(account, '2026-04-01', '9999-01-01', { pricePlanDetailsOverride: details[account] })
      await api.addAccount('rules', '2026-04-01')
      await api.edit('rules', '2026-06-01', '9999-01-01', {
        pricingRulesOverride: [{ name: 'r', order: 1, computation: '1', action: { type: 'ADD' } }],
      })
      await api.addAccount('past', '2026-04-01', '2026-04-10', { pricePlanDetailsOverride: details.cards })
      await api.edit('past', '2026-04-20')
      await api.publishSecond()
      const { entries } = await finish(api, locationOf(await api.migrate({ migrationMode })))
      const isLeft = migrationMode === 'IMMEDIATE' || migrationMode === 'NEXT_CYCLE'
      const left = `COMPLETED: The account has something instead of a part of its price plan, and ${migrationMode} leaves such accounts as they are.`
      const result = isLeft ? left : 'COMPLETED'
      expect(entries).toEqual({ cards: result, cycle: result, rules: result, past: 'COMPLETED' })
      const lines = await Promise.all(['cards', 'cycle', 'rules'].map((account) => linesOf(api, account)))
      if (isLeft) expect(lines.flat().filter((line) => !line.startsWith('Basic 1'))).toEqual([])
      else {
        expect(lines.map((all) => all.at(-1))).toEqual(
          {
            IMMEDIATE_IGNORE_OVERRIDE: ['Basic 2 2026-04-21 9999-01-01', 'Basic 2 2026-04-21 9999-01-01', 'Basic 2 2026-06-01 9999-01-01'],
            NEXT_CYCLE_IGNORE_OVERRIDE: ['Basic 2 2026-05-01 9999-01-01', 'Basic 2 2026-05-15 9999-01-01', 'Basic 2 2026-06-01 9999-01-01'],
            START_OF_CURRENT_CYCLE: ['Basic 2 2026-04-01 9999-01-01', 'Basic 2 2026-04-15 9999-01-01', 'Basic 2 2026-06-01 9999-01-01'],
          }[migrationMode],
        )
        expect((await offsetsOf(api, 'cycle')).at(-1)).toBe('1')
      }
      expect((await linesOf(api, 'past'))[0]).toBe('Basic 1 2026-04-01 2026-04-10 own')
    },
  )

  it('counts the cycles of the target: anniversaries from the first day of what is moved', async () => {
    const anniversary = { interval: 'MONTHLY', gracePeriod: 3, anniversaryCycle: true }
    const api = await withVersions(TODAY, { pricingCycleConfig: anniversary })
    await api.addAccount('kept', '2026-03-31')
    await api.addAccount('moved', '2026-03-12')
    await api.publishSecond()
    await finish(api, locationOf(await api.migrate()))
    expect([await offsetsOf(api, 'moved'), await offsetsOf(api, 'kept')]).toEqual([
      ['12', '21'],
      ['LAST', '21'],
    ])
    await finish(
      api,
      locationOf(await api.migrate({ sourceVersion: 2, targetVersion: 1, migrationMode: 'NEXT_CYCLE', retainStartOffsets: true })),
    )
    expect(await linesOf(api, 'kept')).toEqual(['Basic 1 2026-03-31 2026-04-21', 'Basic 1 2026-04-21 9999-01-01'])
    vi.setSystemTime(Date.parse('2026-04-25T00:00:00Z'))
    await api.addAccount('later', '2026-04-25', '2026-09-01')
    await finish(api, locationOf(await api.migrate({ sourceVersion: 2, targetVersion: 1, retainStartOffsets: true })))
    expect([await linesOf(api, 'later'), await offsetsOf(api, 'later')]).toEqual([
      ['Basic 2 2026-04-25 2026-04-26', 'Basic 1 2026-04-26 2026-09-01'],
      ['25', '25'],
    ])
  })

  it('with retainStartOffsets keeps where the cycles of each account begin, unless those are of another interval', async () => {
    const api = await withVersions(
      TODAY,
      {},
      { pricingCycleConfig: { ...monthly, startOffset: { dayOffset: '9', monthOffset: 'NIL' }, gracePeriod: 5 } },
    )
    await api.addAccount('plain', '2026-04-01')
    const own = (config: Loose) => ({ pricePlanDetailsOverride: { pricingCycleConfig: { ...monthly, ...config } } })
    await api.addAccount('own', '2026-04-01', '9999-01-01', own({ startOffset: { dayOffset: '15', monthOffset: 'NIL' } }))
    await api.addAccount('weekly', '2026-04-01', '9999-01-01', own({ interval: 'WEEKLY' }))
    await api.publishSecond()
    const asked = { migrationMode: 'IMMEDIATE_IGNORE_OVERRIDE', retainStartOffsets: true }
    const { job, entries } = await finish(api, locationOf(await api.migrate(asked)))
    expect(entries).toEqual({
      own: 'COMPLETED',
      plain: 'COMPLETED',
      weekly: 'FAILED: The cycles of the account "weekly" are WEEKLY, so that those of the price plan, MONTHLY, cannot keep their start.',
    })
    expect([job.status, job.failedJobEntries]).toEqual(['COMPLETED', 1])
    expect(await Promise.all(['plain', 'own', 'weekly'].map((account) => offsetsOf(api, account)))).toEqual([
      ['1', '1'],
      ['15', '15'],
      ['1'],
    ])
    const { body } = await api.get('/v2/accounts/plain/schedules?mode=ACTIVE')
    expect(body.data.at(-1).accountScheduleInfo.pricingCycleConfig.gracePeriod).toBe(5)
  })

  it('without a target ends the plan, and lets go what was to come', async () => {
    const api = await withAccounts()
    const { job, entries } = await finish(api, locationOf(await api.migrate({ targetId: undefined, migrationMode: 'NEXT_CYCLE' })))
    expect(job.metadata).toEqual({ sourceId: api.planId, sourceVersion: '1', migrationMode: 'NEXT_CYCLE' })
    expect(entries).toMatchObject({ future: 'COMPLETED', running: 'COMPLETED', twice: 'COMPLETED' })
    expect(await linesOf(api, 'running')).toEqual(['Basic 1 2026-03-10 2026-05-01'])
    expect(await linesOf(api, 'future')).toEqual([])
    expect(await linesOf(api, 'twice')).toEqual(['Basic 1 2026-04-05 2026-05-01', 'Pro 1 2026-05-05 2026-07-01'])
  })

  it('to a plan that an account cannot have fails for it, with the reason', async () => {
    const api = await withVersions(TODAY, {
      supportedCurrencies: ['USD', 'EUR'],
      fixedFeeRateCards: [],
    })
    await api.post(`/price_plans/${api.planId}/activate`, { currencies: ['EUR'] })
    await api.post('/accounts', { id: 'euros', name: 'Euros', customerId: 'cus1', invoiceCurrency: 'EUR' })
    await api.edit('euros', '2026-04-01')
    await api.addAccount('dollars', '2026-04-01')
    await api.addAccount('draft', '2026-04-01')
    await env.DB.prepare("UPDATE accounts SET status = 'DRAFT' WHERE organization_id = ? AND id = 'draft'").bind(api.id).run()
    const pro = await publishPlan(api, 'Pro', api.feeId)
    const { entries } = await finish(api, locationOf(await api.migrate({ targetId: pro })))
    expect(entries).toEqual({
      dollars: 'COMPLETED',
      draft: 'FAILED: The account "draft" is DRAFT, and must be ACTIVE to have a price plan.',
      euros: 'FAILED: The account "euros" is invoiced in EUR, in which the price plan "Pro" is not active.',
    })
    expect(await linesOf(api, 'euros')).toEqual(['Basic 1 2026-04-01 9999-01-01'])
    const last = await publishPlan(api, 'Last', api.feeId)
    const waiting = await api.migrate({ sourceId: pro, targetId: last, requireConfirmation: true })
    expect((await api.delete(`/price_plans/${last}`)).status).toBe(200)
    await api.post(`${locationOf(waiting)}/confirm`)
    const { job, entries: none } = await finish(api, locationOf(waiting))
    expect([job.status, none]).toEqual(['FAILED', { dollars: 'FAILED: The price plan "Last" is ARCHIVED, and must be ACTIVE.' }])
  })

  it('finds an account that has lost the plan meanwhile, and leaves it', async () => {
    const api = await withAccounts()
    const waiting = await api.migrate({ requireConfirmation: true })
    await api.edit('running', '2026-04-21', '9999-01-01', { pricePlanId: api.pro })
    await api.delete('/accounts/future')
    await api.post(`${locationOf(waiting)}/confirm`)
    const { entries } = await finish(api, locationOf(waiting))
    const left = NOT_FROM(api, '2026-04-21')
    expect(entries).toEqual({ ending: left, future: left, running: left, twice: 'COMPLETED' })
    const again = await finish(api, locationOf(await api.migrate()))
    expect([again.job.status, again.entries]).toEqual(['COMPLETED', { ending: left, running: left, twice: left }])
  })

  it('waits for its confirmation if it is asked to, and moves nobody if it is rejected', async () => {
    const api = await withAccounts()
    const rejected = await api.migrate({ requireConfirmation: true })
    const { job } = await finish(api, locationOf(rejected))
    expect([job.status, job.pendingJobEntries]).toEqual(['WAITING_FOR_CONFIRMATION', 4])
    await api.post(`${locationOf(rejected)}/reject`)
    expect((await finish(api, locationOf(rejected))).job.status).toBe('CANCELLED')
    expect(await linesOf(api, 'running')).toEqual(['Basic 1 2026-03-10 9999-01-01'])
    const confirmed = await api.migrate({ requireConfirmation: true })
    await api.post(`${locationOf(confirmed)}/confirm`)
    expect((await finish(api, locationOf(confirmed))).job.status).toBe('COMPLETED')
    expect(await linesOf(api, 'running')).toHaveLength(2)
  })

  it('goes by the day on which it was started, however late it runs, while nothing is closed', async () => {
    const api = await withAccounts(open)
    const path = await startLate(api)
    vi.setSystemTime(Date.parse('2026-04-24T00:00:00Z'))
    await finish(api, path)
    expect(await linesOf(api, 'running')).toEqual(['Basic 1 2026-03-10 2026-04-21', 'Basic 2 2026-04-21 9999-01-01'])
    const [, id2 = ''] = await idsOf(api, 'running')
    expect(await env.DB.prepare('SELECT created_at FROM schedules WHERE id = ?').bind(id2).first('created_at')).toBe(Date.parse(TODAY))
  })

  describe('that runs days after it was started', () => {
    const closing = { ...open, pricingCycleConfig: { ...monthly, gracePeriod: 0 } }
    const STARTED = '2026-04-29T10:00:00Z'
    const RUNS = Date.parse('2026-05-03T10:00:00Z')

    const withLate = async (details: Loose, more: Loose) => {
      const api = await withVersions(STARTED, details)
      const pro = await publishPlan(api, 'Pro', api.feeId, details)
      await api.addAccount('one', '2026-04-01')
      await api.addAccount('edited', '2026-04-01')
      await api.addAccount('over', '2026-04-01', '2026-05-01')
      await api.publishSecond()
      await doDue(api.id, undefined, Date.now())
      const path = await startLate(api, more)
      vi.setSystemTime(RUNS)
      return { ...api, pro, path }
    }

    it.each(['START_OF_CURRENT_CYCLE', 'IMMEDIATE'])(
      '%s leaves cycles that have been closed since, as an edit would',
      async (migrationMode) => {
        const api = await withLate(closing, { migrationMode })
        expect(said(await api.edit('edited', '2026-04-30', '9999-01-01', { pricePlanId: api.pro }))).toEqual([
          409,
          expect.stringContaining('2026-05-01 is the first date that can'),
        ])
        expect((await api.edit('edited', '2026-05-01', '9999-01-01', { pricePlanId: api.pro })).status).toBe(200)
        const { entries } = await finish(api, api.path)
        const left = NOT_FROM(api, '2026-05-01')
        expect(entries).toEqual({ edited: left, one: 'COMPLETED', over: left })
        expect(await linesOf(api, 'one')).toEqual(['Basic 1 2026-04-01 2026-05-01', 'Basic 2 2026-05-01 9999-01-01'])
        expect(await linesOf(api, 'edited')).toEqual(['Basic 1 2026-04-01 2026-05-01', 'Pro 1 2026-05-01 9999-01-01'])
        expect(await linesOf(api, 'over')).toEqual(['Basic 1 2026-04-01 2026-05-01'])
      },
    )

    it.each(['IMMEDIATE', 'NEXT_CYCLE'])('%s moves accounts of plans that are not open from tomorrow on', async (migrationMode) => {
      const api = await withLate({}, { migrationMode })
      expect((await api.edit('edited', '2026-05-04', '9999-01-01', { pricePlanId: api.pro })).status).toBe(200)
      const { entries } = await finish(api, api.path)
      expect(entries).toEqual({
        edited: NOT_FROM(api, '2026-05-04'),
        one: 'COMPLETED',
        over: NOT_FROM(api, migrationMode === 'IMMEDIATE' ? '2026-05-04' : '2026-05-01'),
      })
      expect(await linesOf(api, 'one')).toEqual(['Basic 1 2026-04-01 2026-05-04', 'Basic 2 2026-05-04 9999-01-01'])
      expect(await linesOf(api, 'edited')).toEqual(['Basic 1 2026-04-01 2026-05-04', 'Pro 1 2026-05-04 9999-01-01'])
    })

    it('without a target ends a plan on the first day that can be changed', async () => {
      const api = await withLate({}, { targetId: undefined })
      await finish(api, api.path)
      expect(await linesOf(api, 'one')).toEqual(['Basic 1 2026-04-01 2026-05-04'])
    })

    it('still fails where it could not have begun', async () => {
      const api = await withLate({}, { migrationMode: 'START_OF_CURRENT_CYCLE' })
      const { entries } = await finish(api, api.path)
      expect(entries['one']).toContain('FAILED: What is in force until 2026-04-30 cannot be changed')
      expect(await linesOf(api, 'one')).toEqual(['Basic 1 2026-04-01 9999-01-01'])
    })

    it.each(['before', 'after'])('announces each cycle once, and its end, if those of May are announced %s it', async (order) => {
      const api = await withLate(closing, { migrationMode: 'START_OF_CURRENT_CYCLE' })
      if (order === 'before') await doDue(api.id, catalogueSteps, Date.now())
      await finish(api, api.path)
      await doDue(api.id, undefined, Date.parse('2026-06-01T00:00:00Z'))
      expect(await announcedOf(api, 'one')).toEqual([
        'a 2026-04-01 IN_FORCE',
        'a 2026-04-01 ENDED',
        ...(order === 'before' ? ['a 2026-05-01 IN_FORCE', 'a 2026-05-01 ENDED'] : []),
        'b 2026-05-01 IN_FORCE',
        'b 2026-05-01 ENDED',
        'b 2026-06-01 IN_FORCE',
      ])
    })

    it('announces what it puts in place of cycles that had ended and are not billed', async () => {
      const api = await withLate(
        { ...open, pricingCycleConfig: { ...monthly, gracePeriod: 5 } },
        { migrationMode: 'START_OF_CURRENT_CYCLE' },
      )
      await doDue(api.id, catalogueSteps, Date.now())
      await finish(api, api.path)
      await doDue(api.id, undefined, Date.parse('2026-06-01T00:00:00Z'))
      expect(await announcedOf(api, 'one')).toEqual([
        'a 2026-04-01 IN_FORCE',
        'a 2026-04-01 ENDED',
        'a 2026-05-01 IN_FORCE',
        'a 2026-05-01 ENDED',
        'b 2026-04-01 IN_FORCE',
        'b 2026-04-01 ENDED',
        'b 2026-05-01 IN_FORCE',
        'b 2026-05-01 ENDED',
        'b 2026-06-01 IN_FORCE',
      ])
    })
  })

  it('moves accounts whose schedules are edited at the same moment', async () => {
    const api = await withVersions(TODAY)
    const pro = await publishPlan(api, 'Pro', api.feeId)
    const accounts = Array.from({ length: 20 }, (_, index) => `a${index}`)
    for (const account of accounts) await api.addAccount(account, '2026-04-01')
    await api.publishSecond()
    const [answer, ...edits] = await Promise.all([
      api.migrate(),
      ...accounts.map((account) => api.edit(account, '2026-08-01', '9999-01-01', { pricePlanId: pro })),
    ])
    const { entries } = await finish(api, locationOf(answer))
    expect(edits.map(({ status }) => status)).toEqual(accounts.map(() => 200))
    expect(entries).toEqual(Object.fromEntries(accounts.map((account) => [account, 'COMPLETED'])))
    for (const account of accounts)
      expect(await linesOf(api, account)).toEqual([
        'Basic 1 2026-04-01 2026-04-21',
        'Basic 2 2026-04-21 2026-08-01',
        'Pro 1 2026-08-01 9999-01-01',
      ])
  })

  it('leaves the draft of the schedules of an account, which is refused then', async () => {
    const api = await withAccounts()
    const edits = [{ effectiveFrom: '2026-09-01', effectiveUntil: '2026-10-01', associationConfig: { pricePlanId: api.pro } }]
    await api.post('/v2/accounts/running/edit_schedules', { edits })
    const draft = await api.get('/v2/accounts/running/schedules?mode=DRAFT')
    await finish(api, locationOf(await api.migrate()))
    expect((await api.get('/v2/accounts/running/schedules?mode=DRAFT')).body).toEqual(draft.body)
    expect(said(await api.post('/v2/accounts/running/finalize_schedules', {}))).toEqual([
      409,
      expect.stringContaining('have changed since their draft was made'),
    ])
    expect((await api.delete('/v2/accounts/running/discard_schedules')).status).toBe(200)
    expect(await linesOf(api, 'running')).toEqual(['Basic 1 2026-03-10 2026-04-21', 'Basic 2 2026-04-21 9999-01-01'])
  })

  it('announces the cycles that began before, and those of what it makes', async () => {
    const api = await withAccounts()
    await doDue(api.id, undefined, Date.now())
    vi.setSystemTime(Date.parse('2026-05-03T10:00:00Z'))
    await finish(api, locationOf(await api.migrate()))
    await doDue(api.id, undefined, Date.parse('2026-06-01T00:00:00Z'))
    const ids = await idsOf(api, 'running')
    const { results } = await env.DB.prepare(
      "SELECT resource_id AS id, changes ->> '$.status[1]' AS status FROM audit_log WHERE organization_id = ? AND resource_type = 'PRICING_CYCLE' ORDER BY sequence",
    )
      .bind(api.id)
      .all<{ id: string; status: string }>()
    const its = results.filter(({ id }) => ids.includes(id.split('#')[0] ?? ''))
    expect(its.map(({ id, status }) => `${ids.indexOf(id.split('#')[0] ?? '')} ${id.split('#')[1]} ${status}`)).toEqual([
      '0 2026-03-10 IN_FORCE',
      '0 2026-03-10 ENDED',
      '0 2026-04-01 IN_FORCE',
      '0 2026-04-01 ENDED',
      '0 2026-05-01 IN_FORCE',
      '0 2026-05-01 ENDED',
      '1 2026-05-04 IN_FORCE',
      '1 2026-05-04 ENDED',
      '1 2026-06-01 IN_FORCE',
    ])
  })

  it('is refused by the field that is wrong', async () => {
    const api = await withVersions(TODAY)
    await api.publishSecond()
    const { body: draft } = await api.post('/v2/price_plans', {
      name: 'Draft',
      type: 'BILLING',
      pricingCycleConfig: monthly,
      supportedCurrencies: ['USD'],
    })
    const { body: once } = await api.post('/price_plans', {
      name: 'Once',
      type: 'PURCHASE',
      pricePlanDetails: { supportedCurrencies: ['USD'], fixedFeeRateCards: fee(api.feeId, 1) },
    })
    await api.post(`/price_plans/${once.id}/activate`, { currencies: ['USD'] })
    const yearly = await publishPlan(api, 'Yearly', api.feeId, {
      pricingCycleConfig: { ...monthly, interval: 'ANNUALLY', startOffset: { dayOffset: '1', monthOffset: '1' } },
    })
    const gone = await publishPlan(api, 'Gone', api.feeId)
    await api.delete(`/price_plans/${gone}`)
    await api.patch(`/v2/price_plans/${api.planId}`, { description: 'the draft of a third version' })
    const refused = async (more: Loose) => said(await api.migrate(more))
    expect(await refused({ sourceId: 'pp.none' })).toEqual([404, 'The price plan "pp.none" does not exist.'])
    expect(await refused({ targetId: 'pp.none' })).toEqual([404, 'The price plan "pp.none" does not exist.'])
    expect(await refused({ sourceVersion: 3 })).toEqual([404, 'sourceVersion: the price plan "Basic" has no published version 3'])
    expect(await refused({ targetVersion: 3 })).toEqual([404, 'targetVersion: the price plan "Basic" has no published version 3'])
    expect(await refused({ sourceId: draft.id })).toEqual([404, 'sourceVersion: the price plan "Draft" has no published version 1'])
    expect(await refused({ targetId: draft.id })).toEqual([409, 'targetId: the price plan "Draft" is DRAFT, and must be ACTIVE'])
    expect(await refused({ targetId: gone, targetVersion: 1 })).toEqual([
      409,
      'targetId: the price plan "Gone" is ARCHIVED, and must be ACTIVE',
    ])
    expect(await refused({ targetId: once.id })).toEqual([
      400,
      'targetId: the price plan "Once" is of type PURCHASE, and must be of type BILLING',
    ])
    expect(await refused({ targetVersion: 1 })).toEqual([
      400,
      'targetVersion: must be another version than 1, from which accounts are moved',
    ])
    expect(await refused({ sourceVersion: 2 })).toEqual([
      400,
      'targetVersion: must be another version than 2, from which accounts are moved',
    ])
    expect(await refused({ targetId: yearly, retainStartOffsets: true })).toEqual([
      400,
      'retainStartOffsets: the cycles of the price plan that accounts have are MONTHLY, and those of the one that they get ANNUALLY',
    ])
    expect(await refused({ targetId: undefined, targetVersion: 1, retainStartOffsets: true })).toEqual([
      400,
      'targetVersion: needs a targetId; retainStartOffsets: needs a targetId: a price plan that ends has no more cycles',
    ])
    expect(await refused({ migrationMode: 'NONE' })).toEqual([400, expect.stringContaining('migrationMode: ')])
    expect((await api.get('/jobs')).body.data).toEqual([])
    expect((await api.migrate({ targetId: yearly, isPricePlanV2Migration: true, retainStartOffsets: false })).status).toBe(201)
  })

  it('has paths beside those of single plans', async () => {
    const api = await organization()
    for (const path of ['/price_plans', '/v2/price_plans']) {
      expect(said(await api.get(`${path}/migration`))).toEqual([404, 'The price plan "migration" does not exist.'])
      const put = await api.call('PUT', `${path}/migration`, {})
      expect([put.status, put.headers.get('Allow')?.split(', ').includes('POST')]).toEqual([405, true])
      const post = await api.post(`${path}/pp.none`, {})
      expect([post.status, post.headers.get('Allow')?.split(', ').includes('POST')]).toEqual([405, false])
    }
  })

  it('moves no account of another organization, and knows none of its plans', async () => {
    const [api, other] = [await withAccounts(), await withVersions(TODAY)]
    await other.addAccount('running', '2026-04-01')
    await other.publishSecond()
    expect(said(await other.migrate({ sourceId: api.planId }))).toEqual([404, `The price plan "${api.planId}" does not exist.`])
    expect(said(await other.migrate({ targetId: api.planId }))).toEqual([404, `The price plan "${api.planId}" does not exist.`])
    await finish(api, locationOf(await api.migrate()))
    expect(await linesOf(other, 'running')).toEqual(['Basic 1 2026-04-01 9999-01-01'])
  })
})

describe('finalizePricePlan', () => {
  const draftNext = async (api: Awaited<ReturnType<typeof withVersions>>, description: string) =>
    expect((await api.patch(`/v2/price_plans/${api.planId}`, { description })).status).toBe(200)

  it.each([
    [undefined, 2, '2'],
    ['LATEST_VERSION', 2, '2'],
    ['ALL_VERSION', 3, '1-2'],
  ])('moves accounts of %s', async (versionsToMigrate, last, sourceVersion) => {
    const api = await withVersions(TODAY)
    await api.addAccount('first', '2026-04-01')
    await api.publishSecond()
    await api.addAccount('second', '2026-04-01')
    await draftNext(api, 'third')
    const answer = await api.post(`/v2/price_plans/${api.planId}/finalize`, {
      migrationMode: 'NEXT_CYCLE',
      ...(versionsToMigrate && { versionsToMigrate }),
    })
    expect(said(answer)).toEqual([200, { success: true }])
    const { job, entries } = await finish(api, await newestJob(api))
    expect(job.metadata).toEqual({
      sourceId: api.planId,
      sourceVersion,
      targetId: api.planId,
      targetVersion: '3',
      migrationMode: 'NEXT_CYCLE',
    })
    expect(entries).toEqual({ ...(last === 3 && { first: 'COMPLETED' }), second: 'COMPLETED' })
    expect(await linesOf(api, 'second')).toEqual(['Basic 2 2026-04-01 2026-05-01', 'Basic 3 2026-05-01 9999-01-01'])
    expect((await linesOf(api, 'first')).at(-1)).toBe(last === 3 ? 'Basic 3 2026-05-01 9999-01-01' : 'Basic 1 2026-04-01 9999-01-01')
  })

  it('moves nobody with NONE, without a mode, in a dry run, or when nothing was published before', async () => {
    const api = await withVersions(TODAY)
    await api.addAccount('first', '2026-04-01')
    await draftNext(api, 'second')
    const path = `/v2/price_plans/${api.planId}/finalize`
    expect((await api.post(`${path}?dry_run=true`, { migrationMode: 'IMMEDIATE' })).status).toBe(200)
    expect((await api.post(path, { migrationMode: 'NONE', versionsToMigrate: 'ALL_VERSION' })).status).toBe(200)
    await draftNext(api, 'third')
    expect((await api.post(path, {})).status).toBe(200)
    const { body } = await api.post(`/v2/price_plans?source_price_plan_id=${api.planId}`, {
      name: 'Copy',
      type: 'BILLING',
      pricingCycleConfig: monthly,
      supportedCurrencies: ['USD'],
    })
    expect((await api.post(`/v2/price_plans/${body.id}/finalize`, { migrationMode: 'IMMEDIATE' })).status).toBe(200)
    expect((await api.get('/jobs')).body.data).toEqual([])
    expect(await linesOf(api, 'first')).toEqual(['Basic 1 2026-04-01 9999-01-01'])
  })
})

describe('2,000 accounts', () => {
  /** An organization with as many accounts of the plan, of which every 10th has something of its own and every 7th another currency. */
  const withMany = async (count: number, details: Loose = {}) => {
    const api = await withVersions(TODAY, details)
    await api.addAccount('model', '2026-04-01')
    await api.addAccount('own', '2026-04-01', '9999-01-01', { pricePlanDetailsOverride: { fixedFeeRateCards: fee(api.feeId, 7) } })
    await api.publishSecond()
    const numbers = JSON.stringify(Array.from({ length: count }, (_, index) => index))
    const copy = (table: string, columns: Record<string, string>, which: string): D1PreparedStatement =>
      env.DB.prepare(
        `INSERT INTO ${table} (${Object.keys(columns).join(', ')})
         SELECT ${Object.values(columns).join(', ')} FROM ${table} AS its, json_each(?2) AS n WHERE its.organization_id = ?1 AND ${which}`,
      ).bind(api.id, numbers)
    const same = (...columns: string[]) => Object.fromEntries(columns.map((column) => [column, `its.${column}`]))
    await env.DB.batch([
      copy(
        'accounts',
        {
          ...same(
            'organization_id',
            'togai_customer_id',
            'customer_id',
            'name',
            'status',
            'created_at',
            'updated_at',
            'invoice_currency_given',
          ),
          ...same('name_folded'),
          togai_account_id: 'its.togai_account_id || n.value',
          id: "'a' || n.value",
          id_folded: "'a' || n.value",
          invoice_currency: "iif(n.value % 7, 'USD', 'EUR')",
          version: '1',
        },
        "its.id = 'model'",
      ),
      copy(
        'timelines',
        { ...same('organization_id'), account_id: "'a' || n.value", version: '1', active_version: '1' },
        "its.account_id = 'model'",
      ),
      copy(
        'schedules',
        {
          ...same(
            'organization_id',
            'state',
            'price_plan_id',
            'plan_version',
            'start_at',
            'end_at',
            'cycle',
            'is_cycle_overridden',
            'override_id',
          ),
          ...same('created_at', 'updated_at'),
          id: 'its.id || n.value',
          account_id: "'a' || n.value",
        },
        "its.account_id = iif(n.value % 10, 'model', 'own')",
      ),
    ])
    return api
  }

  const context = (id: string, d1: D1Database) =>
    systemContext({ session: connect(d1).primary(), ledgers, now: Date.now(), secrets: ['secret'], conflicts }, { id, baseCurrency: 'USD' })

  const steps = [jobStep(catalogueWorkers)]

  const rowsOf = async ({ id }: { id: string }, query: string): Promise<unknown> =>
    (await env.DB.prepare(query).bind(id).raw()).map((row) => row.join(' '))

  it('are moved once each, whatever is killed, and with two runs at once', async () => {
    const api = await withMany(2000)
    await env.DB.prepare("INSERT INTO ledger_generations VALUES (?, 'EVENT', 1, 4, 0, NULL, NULL, NULL)").bind(api.id).run()
    const path = await startLate(api)
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
    for (let runs = 0; runs < 200; runs++) {
      const all = await Promise.all([doDueOf(context(api.id, deadly), steps), doDueOf(context(api.id, deadly), steps)])
      if (all.every(({ done, errors }) => done + errors.length === 0)) break
    }
    expect(kills).toBeGreaterThan(5)
    /** 201 have something of their own, of the others 257 another currency, and 1,544 are moved. */
    expect((await api.get(path)).body).toMatchObject({
      status: 'COMPLETED',
      totalJobEntries: 2002,
      pendingJobEntries: 0,
      failedJobEntries: 257,
      completedJobEntries: 1745,
    })
    expect(
      await rowsOf(
        api,
        `SELECT status, substr(coalesce(metadata ->> '$.reason', 'moved'), 1, 11), count(*) FROM job_entries
         WHERE organization_id = ? GROUP BY 1, 2 ORDER BY 1, 2`,
      ),
    ).toEqual(['COMPLETED The account 201', 'COMPLETED moved 1544', 'FAILED The account 257'])
    expect(
      await rowsOf(
        api,
        `SELECT lines, count(*) FROM (
           SELECT group_concat(state || ' ' || plan_version || ' ' || date(start_at / 1000, 'unixepoch'), ', ' ORDER BY start_at) AS lines
           FROM schedules WHERE organization_id = ? GROUP BY account_id
         ) GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual(['ACTIVE 1 2026-04-01 458', 'ACTIVE 1 2026-04-01, ACTIVE 2 2026-04-21 1544'])
    expect(
      await rowsOf(
        api,
        `SELECT timelines.version, active_version, accounts.version - iif(accounts.id LIKE 'a%', 0, 1), count(*) FROM timelines
         JOIN accounts ON accounts.organization_id = timelines.organization_id AND accounts.id = account_id
         WHERE timelines.organization_id = ? GROUP BY 1, 2, 3 ORDER BY 1`,
      ),
    ).toEqual(['1 1 1 458', '2 2 2 1544'])
    expect(
      await rowsOf(
        api,
        `SELECT changed, recorded, count(*) FROM (
           SELECT its.updated_at = its.created_at AS changed, count(*) AS recorded FROM audit_log AS log
           JOIN schedules AS its ON its.organization_id = log.organization_id AND its.id = log.resource_id
           WHERE log.organization_id = ? AND operation_id = 'scheduled' GROUP BY log.resource_id
         ) GROUP BY 1, 2`,
      ),
    ).toEqual(['1 1 3088'])
    /** What each of them makes due: its ledgers are told, and its next cycle is announced, as is that of the model that was not moved. */
    expect(await rowsOf(api, 'SELECT kind, count(*) FROM due WHERE organization_id = ? GROUP BY 1 ORDER BY 1')).toEqual([
      'ACCOUNT_CHANGED 1544',
      'BILLING 1545',
      'PRICING_CYCLE 1545',
      'REVENUE 2002',
      'REVENUE_OF_EVENTS 1',
    ])
  })

  it.each([
    ['closed', {}, '2026-04-22'],
    ['open', open, '2026-04-21'],
  ])('of a job that is cut off before midnight are moved after it from the first day that can, if they are %s', async (_, details, day) => {
    const api = await withMany(140, details)
    vi.setSystemTime(Date.parse('2026-04-20T23:59:50Z'))
    const path = await startLate(api)
    let asked = 0
    await doDueOf(context(api.id, env.DB), steps, () => asked++ > 2)
    expect((await api.get(path)).body).toMatchObject({ status: 'IN_PROGRESS', pendingJobEntries: 42 })
    vi.setSystemTime(Date.parse('2026-04-21T00:00:10Z'))
    await doDueOf(context(api.id, env.DB), steps)
    expect((await api.get(path)).body).toMatchObject({ status: 'COMPLETED', pendingJobEntries: 0 })
    const moved = await rowsOf(
      api,
      `SELECT date(start_at / 1000, 'unixepoch'), count(*) > 20 FROM schedules WHERE organization_id = ? AND plan_version = 2 GROUP BY 1 ORDER BY 1`,
    )
    expect(moved).toEqual([...new Set(['2026-04-21', day])].map((one) => `${one} 1`))
  })

  /** Keeps the bills and the revenue of the accounts that are moved for later, which are held in test/billing and test/metrics. */
  const holdBills = async (id: string) => {
    await env.DB.prepare('DELETE FROM kept_revenue WHERE organization_id = ?').bind(id).run()
    await env.DB.prepare("DELETE FROM due WHERE kind LIKE 'REVENUE%' AND organization_id = ?").bind(id).run()
    await env.DB.prepare(
      `CREATE TRIGGER migrations_hold_bills AFTER INSERT ON due WHEN NEW.kind = 'BILLING' AND NEW.organization_id = '${id}'
       BEGIN
         UPDATE due SET due_at = ${Number.MAX_SAFE_INTEGER} WHERE organization_id = NEW.organization_id AND kind = NEW.kind AND subject = NEW.subject;
       END`,
    ).run()
  }

  it('take few calls of D1, of few statements each, which read little', async () => {
    const api = await withMany(2000)
    const path = await startLate(api)
    let most = 0
    const counted = changed((session) => ({
      batch: (statements) => {
        most = Math.max(most, statements.length)
        return session.batch(statements)
      },
    }))
    const database = connect(counted)
    await holdBills(api.id)
    /** The walks' trigger reads two rows of each account that is moved. */
    await env.DB.prepare('DROP TRIGGER IF EXISTS walks_hold_jobs').run()
    await doDueOf({ ...context(api.id, env.DB), session: database.primary() }, steps)
    expect((await api.get(path)).body.status).toBe('COMPLETED')
    const { calls, rowsRead } = database.usage
    expect(calls).toBeLessThan(170)
    expect(rowsRead / 2002).toBeLessThan(60)
    expect(most).toBeLessThan(20)
  })
})
