import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { doDueOf } from '../../src/access/due/service.ts'
import { connect } from '../../src/db/client.ts'
import { steps } from '../../src/steps.ts'
import { type Api, changed, client, failed, organization, writesIn } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { doDue, system } from '../helpers/ledgers.ts'
import { monthly, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const move = async (api: Pick<Api, 'post'>, target: string): Promise<void> => {
  for (let now = ''; now !== target;) {
    const { status, body } = await api.post('/test_clock', { now: target })
    expect([status, body.message]).toEqual([200, undefined])
    now = body.now
  }
}

/** An organization whose clock stands at an instant, with accounts of one customer that are in a group. */
const withGroup = async (now: string, accounts: readonly string[], details: Loose = {}) => {
  const made = await organization()
  const api = { ...made, ...client(made.token, undefined, { TEST_CLOCK: 'on' }) }
  await move(api, now)
  await api.post('/customers', customer('acme', { id: 'other' }))
  for (const id of accounts) await api.post('/accounts', { id, name: `Account ${id}`, customerId: 'acme' })
  const { body: group } = await api.post('/invoice_groups', {
    name: 'Group',
    email: 'group@example.com',
    dailyInvoiceConsolidation: true,
    accountIds: accounts,
    netTermDays: 15,
    address: {},
    ...details,
  })
  const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })
  const planOf = (name: string, rate: number, pricingCycleConfig: Loose, more: Loose = {}) =>
    publishPlan(api, name, fee.id, {
      pricingCycleConfig: { ...monthly, ...pricingCycleConfig },
      fixedFeeRateCards: [{ id: fee.id, name: 'fee', enableProration: false, rateValues: [{ currency: 'USD', rate }], ...more }],
    })
  const associate = async (account: string, pricePlanId: string, effectiveFrom: string, effectiveUntil = '9999-01-01') => {
    const { status, body } = await api.post(`/accounts/${account}/price_plans`, { pricePlanId, effectiveFrom, effectiveUntil })
    expect([status, body.message]).toEqual([200, undefined])
  }
  const write = async (accountId: string, value: number, more: Loose = {}) =>
    api.post('/invoices', {
      accountId,
      startDate: '2026-03-01T00:00:00Z',
      endDate: '2026-04-01T00:00:00Z',
      status: 'DUE',
      lineItems: [{ value }],
      ...more,
    })
  const make = async (accountId: string, value: number, more: Loose = {}): Promise<string> => {
    const { status, body } = await write(accountId, value, more)
    expect([status, body.message]).toEqual([201, undefined])
    return body.id
  }
  const read = async (id: string): Promise<Loose> => (await api.get(`/invoices/${id}`)).body
  const list = async (query = ''): Promise<Loose[]> => (await api.get(`/invoices?pageSize=50${query}`)).body.data
  const composites = async (): Promise<Loose[]> => {
    const found = (await list(`&owner_id=${group.id}`)).filter(({ invoiceType }) => invoiceType === 'COMPOSITE')
    return (await Promise.all(found.map(({ id }) => read(id)))).toSorted((one, other) => (one.invoiceDate < other.invoiceDate ? -1 : 1))
  }
  return { ...api, group, planOf, associate, write, make, read, list, composites, move: (time: string) => move(api, time) }
}

const statusesOf = async ({ list }: { list: () => Promise<Loose[]> }) =>
  (await list())
    .filter(({ invoiceType }) => invoiceType !== 'COMPOSITE')
    .map(({ ownerId, status, totalAmount }) => [ownerId, status, totalAmount])
    .toSorted()

const membersIn = ({ revenueInfo }: Loose): [string, string, number][] =>
  revenueInfo.lineItems.map(({ id, description, value }: Loose) => [id, description, value])

describe('the invoices of a group', () => {
  it('P2-65: that fall due on one day are merged into one at its end, whatever the cycles and grace periods of its accounts', async () => {
    const api = await withGroup('2026-04-01T00:00:00.000Z', ['A', 'B', 'C'])
    await api.associate('A', await api.planOf('two days', 10, { gracePeriod: 2 }), '2026-04-01', '2026-05-01')
    await api.associate('B', await api.planOf('five days', 20, { gracePeriod: 5 }), '2026-04-01', '2026-05-01')
    const weekly = { interval: 'WEEKLY', startOffset: { dayOffset: '7', monthOffset: 'NIL' }, gracePeriod: 0 }
    await api.associate('C', await api.planOf('weekly', 5, weekly), '2026-04-26', '2026-05-03')
    await api.move('2026-05-03T23:59:59.998Z')
    expect([await api.composites(), await statusesOf(api)]).toEqual([
      [],
      [
        ['A', 'DUE', 10],
        ['B', 'DRAFT', 20],
        ['C', 'DUE', 5],
      ],
    ])
    await api.move('2026-05-10T00:00:00.000Z')
    const [first, second, ...more] = await api.composites()
    const idOf = async (account: string) => (await api.list(`&owner_id=${account}`))[0].id
    const [a, b, c] = [await idOf('A'), await idOf('B'), await idOf('C')]
    expect(more).toEqual([])
    expect(first).toMatchObject({
      ownerId: api.group.id,
      customerId: 'acme',
      status: 'DUE',
      invoiceClass: 'INVOICE',
      startDate: '2026-04-01T00:00:00.000Z',
      endDate: '2026-05-03T00:00:00.000Z',
      invoiceDate: '2026-05-03T23:59:59.999Z',
      dueDate: '2026-05-18T23:59:59.999Z',
      generatedAt: '2026-05-03T23:59:59.999Z',
      updatedAt: '2026-05-03T23:59:59.999Z',
      netTermDays: 15,
      totalAmount: 15,
      paidAmount: 0,
      sequenceId: '2026-05-0003',
      usageInfo: [],
      info: [],
      invoiceDetails: {
        invoiceGroup: {
          id: api.group.id,
          name: 'Group',
          email: 'group@example.com',
          dailyInvoiceConsolidation: true,
          invoiceCurrency: 'USD',
        },
      },
    })
    expect(membersIn(first)).toEqual([
      [a, 'Account A', 10],
      [c, 'Account C', 5],
    ])
    expect([second.invoiceDate, second.totalAmount, second.sequenceId]).toEqual(['2026-05-06T23:59:59.999Z', 20, '2026-05-0005'])
    expect(membersIn(second)).toEqual([[b, 'Account B', 20]])
    const verified = (await api.get(`/invoice_verifications?owner_id=${api.group.id}`)).body.data
    expect(verified.map(({ isReckoned, differences }: Loose) => [isReckoned, differences])).toEqual([
      [true, []],
      [true, []],
    ])
    const explained = (await api.get(`/invoices/${first.id}/explanation`)).body
    expect(explained.grandTotal.lineItems.map(({ id, value }: Loose) => [id, value])).toEqual([
      [a, '10'],
      [c, '5'],
    ])
    const member = await api.read(a)
    expect([member.status, member.totalAmount, member.paidAmount, member.sequenceId, member.info]).toEqual([
      'MERGED',
      10,
      0,
      '2026-05-0001',
      [{ type: 'COMPOSITE_INVOICE_ID', value: first.id }],
    ])
    expect(first.revenueInfo.lineItems[0].lineItems).toEqual(member.revenueInfo.lineItems[0].lineItems)
  })

  it('of what is paid in advance and of own lines are merged too, those of 0 or less and those of drafts are not', async () => {
    const api = await withGroup('2026-04-10T08:00:00.000Z', ['A', 'B'])
    await api.associate('A', await api.planOf('advance', 10, {}, { invoiceTiming: 'IN_ADVANCE' }), '2026-04-10')
    const [own, none, back, draft, group] = [
      await api.make('B', 3.5),
      await api.make('B', 0),
      await api.make('B', -4),
      await api.make('B', 7, { status: 'DRAFT' }),
      await api.make(api.group.id, 9, { ownerType: 'INVOICE_GROUP' }),
    ]
    await api.move('2026-04-11T00:00:00.000Z')
    const [composite, ...more] = await api.composites()
    expect([more, composite.totalAmount, membersIn(composite).map(([, name, value]) => [name, value])]).toEqual([
      [],
      13.5,
      [
        ['Account A', 10],
        ['Account B', 3.5],
      ],
    ])
    const statuses = await Promise.all([own, none, back, draft, group].map(async (id) => (await api.read(id)).status))
    expect(statuses).toEqual(['MERGED', 'PAID', 'REFUND_COMPLETED', 'DRAFT', 'DUE'])
  })

  it('that are void or given up at the end of the day are left out, and no invoice is made of nothing', async () => {
    const api = await withGroup('2026-04-10T08:00:00.000Z', ['A', 'B'])
    const [one, other] = [await api.make('A', 3), await api.make('B', 4)]
    expect((await api.patch(`/invoices/${one}`, { status: 'VOID' })).status).toBe(200)
    expect((await api.patch(`/invoices/${other}`, { status: 'UN_COLLECTIBLE' })).status).toBe(200)
    await api.move('2026-04-11T00:00:00.000Z')
    expect([await api.composites(), (await api.read(one)).status]).toEqual([[], 'VOID'])
    expect((await api.patch(`/invoices/${other}`, { status: 'PAID' })).body.status).toBe('PAID')
    expect(
      (await env.DB.prepare("SELECT 1 FROM due WHERE organization_id = ? AND kind = 'INVOICE_GROUP'").bind(api.id).all()).results,
    ).toEqual([])
  })

  it('are left alone where the group does not consolidate, or are of another currency or customer', async () => {
    const alone = await withGroup('2026-04-10T08:00:00.000Z', ['A', 'B'], { dailyInvoiceConsolidation: false })
    const id = await alone.make('A', 3)
    await alone.move('2026-04-12T00:00:00.000Z')
    expect([await alone.composites(), (await alone.read(id)).status]).toEqual([[], 'DUE'])
    expect((await alone.patch(`/invoices/${id}`, { status: 'PAID' })).status).toBe(200)
    const api = await withGroup('2026-04-10T08:00:00.000Z', ['A'])
    await api.post('/customers', customer('second', { id: 'B' }))
    await api.post(`/invoice_groups/${api.group.id}/add_accounts`, { accountIds: ['B'] })
    await api.make('A', 3)
    await api.make('B', 4)
    await api.move('2026-04-12T00:00:00.000Z')
    const [composite] = await api.composites()
    expect([composite.totalAmount, composite.customerId]).toEqual([7, undefined])
  })
})

describe('who pays', () => {
  it('is the group: its account takes no payment of its own, and what was merged is final', async () => {
    const api = await withGroup('2026-04-10T08:00:00.000Z', ['A', 'B'])
    const id = await api.make('A', 3)
    const paid = await api.patch(`/invoices/${id}`, { status: 'PAID' })
    const words = `status: the account "A" is in the invoice group "${api.group.id}", which pays for it in one invoice a day`
    expect([paid.status, paid.body.message]).toEqual([409, words])
    const atOnce = await api.write('A', 3, { status: 'PAID' })
    expect([atOnce.status, atOnce.body.message]).toEqual([409, words])
    expect((await api.write('A', 0, { status: 'PAID' })).status).toBe(201)
    await api.move('2026-04-11T00:00:00.000Z')
    const [composite] = await api.composites()
    for (const status of ['PAID', 'VOID', 'UN_COLLECTIBLE', 'REFUND_INITIATED', 'DUE']) {
      const merged = await api.patch(`/invoices/${id}`, { status })
      expect([merged.status, merged.body.message]).toEqual([
        409,
        `status: the invoice "${id}" is MERGED, and the invoice "${composite.id}" of its invoice group is paid in its place, not ${status}`,
      ])
    }
    const { status, body } = await api.patch(`/invoices/${composite.id}`, { status: 'PAID' })
    expect([status, body.status, body.paidAmount, body.revenueInfo]).toEqual([200, 'PAID', 3, composite.revenueInfo])
    expect((await api.read(id)).status).toBe('MERGED')
  })

  it('is nobody for an invoice of the group that is void: its members stay merged', async () => {
    const api = await withGroup('2026-04-10T08:00:00.000Z', ['A'])
    const id = await api.make('A', 3)
    await api.move('2026-04-11T00:00:00.000Z')
    const [composite] = await api.composites()
    expect((await api.patch(`/invoices/${composite.id}`, { status: 'VOID' })).body.status).toBe('VOID')
    await api.move('2026-04-14T00:00:00.000Z')
    expect([(await api.read(id)).status, (await api.composites()).length]).toEqual(['MERGED', 1])
  })

  it('is whoever paid when the invoice fell due, whether the account joins or leaves later on that day', async () => {
    const api = await withGroup('2026-04-10T08:00:00.000Z', ['A', 'B'])
    await api.post('/accounts', { id: 'late', name: 'late', customerId: 'acme' })
    const [before, leaving, staying] = [await api.make('late', 1), await api.make('A', 2), await api.make('B', 4)]
    await api.move('2026-04-10T12:00:00.000Z')
    await api.post(`/invoice_groups/${api.group.id}/add_accounts`, { accountIds: ['late'] })
    await api.post(`/invoice_groups/${api.group.id}/remove_accounts`, { accountIds: ['A'] })
    const [joined, left] = [await api.make('late', 8), await api.make('A', 16)]
    await api.move('2026-04-10T18:00:00.000Z')
    await api.post(`/invoice_groups/${api.group.id}/remove_accounts`, { accountIds: ['late', 'B'] })
    expect((await api.get(`/invoice_groups/${api.group.id}`)).status).toBe(404)
    await api.move('2026-04-11T00:00:00.000Z')
    const [composite] = await api.composites()
    expect(membersIn(composite)).toEqual([
      [leaving, 'Account A', 2],
      [staying, 'Account B', 4],
      [joined, 'late', 8],
    ])
    const statuses = await Promise.all([before, left].map(async (id) => (await api.read(id)).status))
    expect(statuses).toEqual(['DUE', 'DUE'])
    expect((await api.patch(`/invoices/${before}`, { status: 'PAID' })).status).toBe(200)
  })
})

describe('the tree of an invoice of a group', () => {
  it('has one line for each invoice, of which the first 100 have their lines, and adds up', async () => {
    const api = await withGroup('2026-04-10T08:00:00.000Z', ['A', 'B'])
    for (let index = 0; index < 51; index++) await Promise.all(['A', 'B'].map((id) => api.make(id, 0.01 * (index + 1))))
    await api.move('2026-04-11T00:00:00.000Z')
    const [composite] = await api.composites()
    const { lineItems } = composite.revenueInfo
    expect([composite.totalAmount, lineItems.length, lineItems.filter(({ lineItems: its }: Loose) => its).length, composite.info]).toEqual([
      26.52,
      102,
      100,
      [{ type: 'LINES_LEFT_OUT', value: '2 of 102 invoices are shown without their lines. Read each by its id.' }],
    ])
  })
})

/** What has been made of the invoices of an organization, by what is the same in each that was treated alike. */
const madeOf = async (id: string) =>
  (
    await env.DB.prepare(
      `SELECT iif(its.account_id IS NULL, (SELECT name FROM invoice_groups WHERE id = its.owner_id), its.owner_id) AS owner, its.invoice_type AS type,
         its.status, its.total, its.start_at AS startAt, its.end_at AS endAt, its.invoice_at AS invoiceAt, its.generated_at AS generatedAt,
         its.sequence_id AS sequenceId,
         (SELECT name FROM invoice_groups WHERE id = composite.owner_id) AS mergedBy, composite.invoice_at AS mergedAt
       FROM invoices AS its LEFT JOIN invoices AS composite ON composite.id = its.merged_into
       WHERE its.organization_id = ? AND its.status <> 'GONE' ORDER BY its.sequence, owner, startAt`,
    )
      .bind(id)
      .all<Loose>()
  ).results

/** Holds that what was merged adds up, once each, that nothing is left to merge, and that numbers have no gaps. */
const expectMerged = async (id: string, until: number): Promise<void> => {
  const { results } = await env.DB.prepare(
    'SELECT id, status, total, invoice_type AS type, merged_into AS mergedInto, invoice_group_id AS pays, generated_at AS at, sequence FROM invoices WHERE organization_id = ?',
  )
    .bind(id)
    .all<Loose>()
  const cents = (of: Loose[]) => of.reduce((sum, { total }) => sum + Math.round(Number(total) * 100), 0)
  for (const composite of results.filter(({ type }) => type === 'COMPOSITE')) {
    const members = results.filter(({ mergedInto }) => mergedInto === composite.id)
    expect(members.length).toBeGreaterThan(0)
    expect([cents([composite]), composite.at >= Math.max(...members.map(({ at }) => at))]).toEqual([cents(members), true])
  }
  expect(results.filter(({ status, pays, at }) => status === 'DUE' && pays && at <= until)).toEqual([])
  const numbers = results.flatMap(({ sequence }) => sequence ?? []).toSorted((one: number, other: number) => one - other)
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
}

const DAY = 86_400_000

describe('invoices of groups under time', () => {
  const START = Date.parse('2026-01-01T00:00:00.000Z')
  const END = Date.parse('2026-02-20T00:00:00.000Z')

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(START)
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  /** Three groups of accounts whose cycles end on different days, one of which does not consolidate. No test clock is set. */
  const withGroups = async () => {
    const api = await organization()
    await api.post('/customers', customer('acme', { id: 'other' }))
    const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })
    const plans: string[] = []
    for (const [index, cycle] of [
      { ...monthly, gracePeriod: 2 },
      { interval: 'MONTHLY', gracePeriod: 0, anniversaryCycle: true },
      { interval: 'WEEKLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 },
    ].entries())
      plans.push(await publishPlan(api, `Plan ${index}`, fee.id, { pricingCycleConfig: cycle }))
    const accounts = Array.from({ length: 9 }, (_, index) => `account ${index}`)
    for (const [index, id] of accounts.entries()) {
      await api.post('/accounts', { id, name: id, customerId: 'acme' })
      const effectiveFrom = new Date(START + (index % 5) * DAY).toISOString().slice(0, 10)
      const { status } = await api.post(`/accounts/${id}/price_plans`, {
        pricePlanId: plans[index % 3],
        effectiveFrom,
        effectiveUntil: '9999-01-01',
      })
      expect(status).toBe(200)
    }
    for (const [index, dailyInvoiceConsolidation] of [true, false, true].entries()) {
      vi.setSystemTime(START + index)
      await api.post('/invoice_groups', {
        name: `Group ${index}`,
        email: 'group@example.com',
        dailyInvoiceConsolidation,
        accountIds: accounts.slice(index * 3, index * 3 + 3),
        address: {},
      })
    }
    return api
  }

  it('are the same day by day, in one go weeks later, under a test clock, by three runs at once, and by runs that are cut off', async () => {
    const [daily, late, clocked, together, cut] = [
      await withGroups(),
      await withGroups(),
      await withGroups(),
      await withGroups(),
      await withGroups(),
    ]
    for (const api of [daily, late, clocked, together, cut]) await doDue(api.id)
    await move(clocked, new Date(START + 1000).toISOString())
    await move(clocked, new Date(END).toISOString())
    for (let time = START + DAY; time <= END; time += DAY) {
      vi.setSystemTime(time)
      await doDue(daily.id)
    }
    for (const api of [late, together]) await Promise.all(Array.from({ length: api === late ? 1 : 3 }, () => doDue(api.id)))
    await doDue(together.id)
    /** Each second commit fails, before or after it was made. */
    let commits = 0
    const failing = connect(
      changed((session) => ({
        batch: async (statements) => {
          const nth = writesIn(statements) ? commits++ % 4 : 0
          if (nth === 1) throw failed('gone')
          const results = await session.batch(statements)
          if (nth === 3) throw failed('gone')
          return results as never
        },
      })),
    ).primary()
    const isLeft = () =>
      env.DB.prepare("SELECT 1 FROM due WHERE organization_id = ? AND due_at <= ? AND kind <> 'PRICING_CYCLE'").bind(cut.id, END).first()
    for (let run = 0; run < 400 && (await isLeft()); run++) await doDueOf({ ...system(cut.id), session: failing }, steps)
    await doDue(cut.id)
    const made = await madeOf(daily.id)
    const ofGroup = made.filter(({ type }) => type === 'COMPOSITE')
    expect(new Set(ofGroup.map(({ owner }) => owner))).toEqual(new Set(['Group 0', 'Group 2']))
    expect(ofGroup.length).toBeGreaterThan(10)
    for (const api of [late, clocked, together]) expect(await madeOf(api.id)).toEqual(made)
    /** What fails is done after what comes later, and gets a later number. */
    const unnumbered = (rows: Loose[]) => rows.map(({ sequenceId: _number, ...row }) => JSON.stringify(row)).toSorted()
    expect(unnumbered(await madeOf(cut.id))).toEqual(unnumbered(made))
    for (const { id } of [daily, late, clocked, together, cut]) await expectMerged(id, END - 1)
    expect(commits).toBeGreaterThan(50)
  })

  it('go by who was in the group at the instant, also if they fall due later than they should have', async () => {
    const api = await withGroups()
    await doDue(api.id)
    const { body } = await api.get('/invoice_groups')
    const [first] = body.data
    /** Both weekly cycles fall due on 6 January at 0:00, and this is not done until the 8th. */
    vi.setSystemTime(Date.parse('2026-01-06T09:00:00Z'))
    expect((await api.post(`/invoice_groups/${first.id}/remove_accounts`, { accountIds: ['account 2'] })).status).toBe(200)
    expect((await api.post(`/invoice_groups/${body.data[2].id}/add_accounts`, { accountIds: ['account 2'] })).status).toBe(200)
    vi.setSystemTime(Date.parse('2026-01-08T09:00:00Z'))
    await doDue(api.id)
    vi.setSystemTime(Date.parse('2026-01-14T09:00:00Z'))
    await doDue(api.id)
    const made = await madeOf(api.id)
    expect(made.filter(({ owner, status }) => owner === 'account 2' && status === 'MERGED').map(({ mergedBy }) => mergedBy)).toEqual([
      'Group 0',
      'Group 2',
    ])
  })

  it('are merged as they are at that moment, whatever is written between the reading and the commit', async () => {
    const api = await withGroups()
    await doDue(api.id)
    vi.setSystemTime(Date.parse('2026-01-01T23:59:00Z'))
    const write = async (accountId: string, value: number): Promise<string> => {
      const period = { startDate: '2025-12-01T00:00:00Z', endDate: '2026-01-01T00:00:00Z' }
      return (await api.post('/invoices', { accountId, ...period, status: 'DUE', lineItems: [{ value }] })).body.id
    }
    const made = await Promise.all([1, 2, 4].map((value) => write('account 0', value)))
    const patch = (index: number, status: string) => api.patch(`/invoices/${made[index]}`, { status })
    const { body } = await api.get('/invoice_groups')
    const between = [
      () => patch(0, 'VOID'),
      () => patch(1, 'UN_COLLECTIBLE'),
      () => write('account 1', 8),
      () => api.post(`/invoice_groups/${body.data[0].id}/remove_accounts`, { accountIds: ['account 2'] }),
    ]
    const session = connect(
      changed((own) => ({
        batch: async (statements) => {
          if (writesIn(statements)) await between.shift()?.()
          return (await own.batch(statements)) as never
        },
      })),
    ).primary()
    const due = Date.parse('2026-01-02T00:00:00Z')
    const { errors } = await doDueOf({ ...system(api.id, due), session }, steps)
    expect([errors, between]).toEqual([[], []])
    const composites = (await madeOf(api.id)).filter(({ type }) => type === 'COMPOSITE')
    expect(composites.map(({ owner, total }) => [owner, total])).toEqual([['Group 0', '12']])
    const statuses = await Promise.all(made.map(async (id) => (await api.get(`/invoices/${id}`)).body.status))
    expect(statuses).toEqual(['VOID', 'UN_COLLECTIBLE', 'MERGED'])
  })

  it('are each in one place when 33 requests and runs come at the instant at which they are merged', async () => {
    const api = await withGroups()
    await doDue(api.id)
    const { body } = await api.get('/invoice_groups')
    const [first] = body.data
    const write = (accountId: string, value: number, status = 'DUE') =>
      api.post('/invoices', {
        accountId,
        startDate: '2025-12-01T00:00:00Z',
        endDate: '2026-01-01T00:00:00Z',
        status,
        lineItems: [{ value }],
      })
    const accounts = ['account 0', 'account 1', 'account 2']
    const made = await Promise.all(Array.from({ length: 24 }, (_, index) => write(accounts[index % 3] ?? '', index + 1)))
    vi.setSystemTime(Date.parse('2026-01-02T00:00:00.000Z'))
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, async () => {
        await doDue(api.id)
        return { status: 0, body: {} }
      }),
      ...made
        .slice(0, 16)
        .map(({ body: { id } }, index) => api.patch(`/invoices/${id}`, { status: ['VOID', 'PAID', 'UN_COLLECTIBLE', 'VOID'][index % 4] })),
      ...Array.from({ length: 8 }, (_, index) => write(accounts[index % 3] ?? '', 100 + index)),
      api.post(`/invoice_groups/${first.id}/remove_accounts`, { accountIds: ['account 0'] }),
      api.post(`/invoice_groups/${first.id}/add_accounts`, { accountIds: ['account 0'] }),
      api.get('/invoices'),
      api.patch('/accounts/account%201', { name: 'Renamed' }),
    ])
    expect(answers).toHaveLength(33)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    vi.setSystemTime(Date.parse('2026-01-03T00:00:00.000Z'))
    await doDue(api.id)
    await expectMerged(api.id, Date.parse('2026-01-02T23:59:59.999Z'))
    const states = await Promise.all(made.map(async ({ body: { id } }) => (await api.get(`/invoices/${id}`)).body))
    for (const [index, { status }] of states.entries()) {
      const answer = answers[5 + index]
      const wish = ['VOID', 'PAID', 'UN_COLLECTIBLE', 'VOID'][index % 4]
      if (index < 16 && answer?.status === 200) expect(status).toBe(wish)
      else expect(status).toBe('MERGED')
    }
    expect(states.filter(({ status }) => status === 'PAID')).toEqual([])
  })
})

describe('an archived account', () => {
  const withMembers = async (accounts: readonly string[]) => {
    const api = await withGroup('2026-04-01T10:00:00.000Z', accounts)
    await api.associate('A', await api.planOf('two days', 10, { gracePeriod: 2 }), '2026-04-01')
    const members = async () => (await api.get(`/invoice_groups/${api.group.id}`)).body.accounts
    return { ...api, members }
  }

  it('leaves its group after its last invoice, which is merged, and goes back into it when it is restored', async () => {
    const api = await withMembers(['A', 'B'])
    await api.move('2026-04-10T10:00:00.000Z')
    expect((await api.delete('/accounts/A')).status).toBe(200)
    expect(await api.members()).toEqual(['A', 'B'])
    await api.move('2026-04-12T23:00:00.000Z')
    expect(await api.members()).toEqual(['A', 'B'])
    await api.move('2026-04-13T00:00:00.000Z')
    expect([await api.members(), await statusesOf(api)]).toEqual([['B'], [['A', 'DUE', 10]]])
    await api.move('2026-04-14T00:00:00.000Z')
    const [composite] = await api.composites()
    expect([composite.totalAmount, await statusesOf(api)]).toEqual([10, [['A', 'MERGED', 10]]])
    const { body } = await api.post('/accounts/A/restore')
    expect([body.invoiceGroupLeftOut, await api.members()]).toEqual([undefined, ['A', 'B']])
    expect((await env.DB.prepare('SELECT kind FROM due WHERE organization_id = ?').bind(api.id).all()).results).toEqual([])
  })

  it('ends the group if it was the last in it, and the group still gets its invoice', async () => {
    const api = await withMembers(['A'])
    await api.move('2026-04-10T10:00:00.000Z')
    await api.delete('/accounts/A')
    await api.move('2026-04-13T00:00:00.000Z')
    expect((await api.get(`/invoice_groups/${api.group.id}`)).status).toBe(404)
    await api.move('2026-04-14T00:00:00.000Z')
    expect((await api.composites()).map(({ totalAmount }) => totalAmount)).toEqual([10])
    expect((await api.post('/accounts/A/restore')).body.invoiceGroupLeftOut).toBe(undefined)
    expect(await api.members()).toEqual(['A'])
  })

  it('that is restored before that stays in its group, unless it was taken out of it', async () => {
    const api = await withMembers(['A', 'B'])
    await api.move('2026-04-10T10:00:00.000Z')
    await api.delete('/accounts/A')
    await api.post('/accounts/A/restore')
    await api.move('2026-04-20T00:00:00.000Z')
    expect([await api.members(), await statusesOf(api)]).toEqual([['A', 'B'], [['A', 'MERGED', 10]]])
    await api.associate('A', await api.planOf('again', 10, { gracePeriod: 2 }), '2026-04-20')
    await api.delete('/accounts/A')
    await api.post(`/invoice_groups/${api.group.id}/remove_accounts`, { accountIds: ['A'] })
    const { body } = await api.post('/accounts/A/restore')
    expect([body.invoiceGroupLeftOut, await api.members()]).toEqual([undefined, ['B']])
  })

  it('waits for a draft that does not fall due by itself, and leaves at once if it is never invoiced', async () => {
    const api = await withGroup('2026-04-01T10:00:00.000Z', ['A', 'B', 'C'])
    const setting = { id: 'auto_advance_invoice', value: 'false', namespace: 'SYSTEM', name: 'Auto', dataType: 'STRING' }
    expect((await api.post('/settings', { ...setting, entityType: 'ORGANIZATION', entityId: api.id })).status).toBe(201)
    await api.associate('A', await api.planOf('two days', 10, { gracePeriod: 2 }), '2026-04-01')
    const members = async () => (await api.get(`/invoice_groups/${api.group.id}`)).body.accounts
    await Promise.all(['A', 'C'].map((id) => api.delete(`/accounts/${id}`)))
    expect(await members()).toEqual(['A', 'B'])
    await api.move('2026-06-01T10:00:00.000Z')
    expect(await members()).toEqual(['A', 'B'])
    const [draft] = await api.list('&owner_id=A')
    expect((await api.patch(`/invoices/${draft.id}`, { status: 'DUE' })).body.status).toBe('DUE')
    await api.move('2026-06-02T00:00:00.000Z')
    expect([await members(), (await api.read(draft.id)).status]).toEqual([['B'], 'MERGED'])
  })
})

describe('a large group', () => {
  it('gets one invoice for each 5,000 of a day', async () => {
    const api = await withGroup('2026-04-10T08:00:00.000Z', ['A'])
    const id = await api.make('A', 1)
    await env.DB.batch([
      env.DB.prepare(
        `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5001)
         INSERT INTO invoices SELECT 'inv.' || printf('%05d', i) || '.' || organization_id, organization_id, owner_id, account_id, customer_id, invoice_class,
           invoice_type, 'DRAFT', price_plan_id, schedule_id, currency, start_at, end_at, invoice_at, auto_advance, net_term_days, total, paid, NULL, NULL,
           rated, details, info, metadata, applies_credits, applies_wallet, NULL, NULL, NULL, created_at, updated_at, version, NULL, NULL, NULL
         FROM n CROSS JOIN invoices WHERE id = ?`,
      ).bind(id),
      env.DB.prepare(
        `UPDATE invoices SET status = 'DUE', generated_at = updated_at, version = version + 1, invoice_group_id = ? WHERE organization_id = ? AND status = 'DRAFT'`,
      ).bind(api.group.id, api.id),
    ])
    await api.move('2026-04-11T00:00:00.000Z')
    const composites = await api.composites()
    expect(composites.map(({ totalAmount }) => totalAmount).toSorted((one, other) => one - other)).toEqual([1, 5000])
    expect(composites.map(({ revenueInfo }) => revenueInfo.lineItems.length).toSorted((one, other) => one - other)).toEqual([1, 5000])
  })
})
