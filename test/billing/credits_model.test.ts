import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { linesOf, withTestClock } from '../helpers/billed.ts'
import { monthly } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const ACCOUNT = 'acc'
const DAY = 86_400_000
const START = Date.parse('2026-01-01T00:00:00Z')

const dateOf = (day: number): string => new Date(START + day * DAY).toISOString().slice(0, 10)

/** What happens: amounts are in cents, days are counted from the first one or from today, and places are among what has been made. */
type Act =
  | { kind: 'GIVE'; amount: number; from: number; days: number | null; priority: number; lines: string[] }
  | { kind: 'VOID_CREDIT' | 'VOID_INVOICE' | 'MAKE_DUE' | 'DELETE'; place: number }
  | { kind: 'INVOICE'; amounts: number[]; from: number; days: number; status: 'DRAFT' | 'DUE'; autoAdvance: boolean; applies: boolean }
  | { kind: 'WAIT'; days: number }

const place = fc.nat(9)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('GIVE' as const),
      amount: fc.integer({ min: 1, max: 9000 }),
      from: fc.integer({ min: -20, max: 20 }),
      days: fc.option(fc.integer({ min: 1, max: 40 })),
      priority: fc.integer({ min: 0, max: 3 }),
      lines: fc.constantFrom<string[]>([], [], ['a'], ['b'], ['ALL_FIXED_FEE_RATE_CARDS']),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('VOID_CREDIT' as const), place }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('VOID_INVOICE' as const), place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('MAKE_DUE' as const), place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('DELETE' as const), place }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('INVOICE' as const),
      amounts: fc.array(fc.integer({ min: -500, max: 6000 }), { minLength: 1, maxLength: 3 }),
      from: fc.integer({ min: -30, max: 0 }),
      days: fc.integer({ min: 0, max: 30 }),
      status: fc.constantFrom('DRAFT' as const, 'DRAFT' as const, 'DUE' as const),
      autoAdvance: fc.boolean(),
      applies: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('WAIT' as const), days: fc.integer({ min: 1, max: 25 }) }) },
)

const cents = (amount: number): number => Math.round(amount * 100)
const sum = (amounts: readonly number[]): number => amounts.reduce((one, other) => one + other, 0)

/** An account with a fee of 30 a month that is paid in advance, and one of 20 that is paid behind it. */
const withAccount = async () => {
  const api = await withTestClock('2026-01-01T00:00:00Z')
  const [before, behind] = [await api.addOn('FIXED_FEE'), await api.addOn('FIXED_FEE')]
  const fee = (id: string, rate: number, more = {}) => ({ id, enableProration: false, rateValues: [{ currency: 'USD', rate }], ...more })
  const fixedFeeRateCards = [fee(before, 30, { invoiceTiming: 'IN_ADVANCE' }), fee(behind, 20)]
  await api.account(ACCOUNT, await api.plan({ pricingCycleConfig: { ...monthly, gracePeriod: 3 }, fixedFeeRateCards }), '2026-01-01')
  return api
}

type Api = Awaited<ReturnType<typeof withAccount>>

const invoicesOf = async (api: Api): Promise<Loose[]> => {
  const all: Loose[] = []
  for (let token: string | undefined = ''; token !== undefined;) {
    const query: string = token ? `nextToken=${encodeURIComponent(token)}` : `owner_id=${ACCOUNT}&pageSize=50`
    const { data, nextToken } = (await api.get(`/invoices?${query}`)).body
    all.push(...(await Promise.all(data.map(async ({ id }: Loose) => (await api.get(`/invoices/${id}`)).body))))
    token = nextToken
  }
  return all
}

const creditLines = (invoice: Loose): Loose[] => linesOf(invoice.revenueInfo, 'SUB_CREDITS')

/** The ids of the invoices that have taken something of credits. */
const paidByCredits = async (api: Api): Promise<Set<string>> => {
  const { data } = (await api.get(`/credits?account_id=${ACCOUNT}&pageSize=50`)).body
  const all = await Promise.all(data.map(async ({ id }: Loose) => (await api.get(`/credits/${id}`)).body.transactions))
  return new Set(all.flat().flatMap(({ transactionType, invoiceId }: Loose) => (transactionType === 'DEBITED' ? [invoiceId] : [])))
}

/** Checks that what credits say, what their transactions say and what invoices say is the same. */
const holdBalances = async (api: Api, now: number): Promise<void> => {
  const listed = (await api.get(`/credits?account_id=${ACCOUNT}&pageSize=50`)).body.data as Loose[]
  const [details, invoices] = await Promise.all([
    Promise.all(listed.map(async ({ id }) => (await api.get(`/credits/${id}`)).body)),
    invoicesOf(api),
  ])
  expect(details.map(({ transactions: _all, ...credit }: Loose) => credit)).toEqual(listed)
  const takenOf = (id: string, which: (invoice: Loose) => boolean): number =>
    sum(invoices.filter(which).flatMap((one) => creditLines(one).flatMap((line) => (line.id === id ? [-cents(line.value)] : []))))
  for (const credit of details) {
    const totalOf = (type: string): number =>
      sum(credit.transactions.flatMap((one: Loose) => (one.transactionType === type ? [cents(one.amount)] : [])))
    const [amount, consumed, held] = [credit.creditAmount, credit.consumedAmount, credit.holdAmount].map(cents) as [number, number, number]
    const gone = credit.status === 'EXPIRED' || credit.status === 'VOIDED'
    const left = totalOf('CREDITED') - totalOf('DEBITED') - totalOf('EXPIRED') - totalOf('VOIDED')
    const isSwept = credit.status !== 'EXPIRED' || totalOf('EXPIRED') > 0
    if (isSwept) expect([credit.id, left]).toEqual([credit.id, gone ? 0 : amount - consumed])
    expect(consumed >= 0 && held >= 0 && consumed + held <= amount).toBe(true)
    if (gone) expect(held).toBe(0)
    if (credit.status === 'CONSUMED') expect(consumed).toBe(amount)
    expect(takenOf(credit.id, ({ status }) => status !== 'DRAFT' && status !== 'VOID')).toBe(consumed)
    expect(takenOf(credit.id, ({ status }) => status === 'DRAFT')).toBe(held)
  }
  for (const invoice of invoices) {
    const [gross] = linesOf(invoice.revenueInfo, 'GROSS_AMOUNT')
    const taken = sum(creditLines(invoice).map(({ value }) => -cents(value)))
    expect(taken >= 0 && taken <= Math.max(0, cents(gross.value))).toBe(true)
    const [start, end] = [Date.parse(invoice.startDate), Date.parse(invoice.endDate)]
    for (const line of creditLines(invoice)) {
      const credit = details.find(({ id }) => id === line.id)
      expect(Date.parse(credit.effectiveFrom) < Math.max(end, start + 1)).toBe(true)
      expect(credit.effectiveUntil === undefined || Date.parse(credit.effectiveUntil) > start).toBe(true)
    }
  }
  const balance = (await api.get(`/accounts/${ACCOUNT}/credit_balance`)).body
  const inForce = details.filter(
    ({ status, effectiveFrom, effectiveUntil }) =>
      status === 'ACTIVE' && Date.parse(effectiveFrom) <= now && (effectiveUntil === undefined || Date.parse(effectiveUntil) > now),
  )
  const amounts = (...fields: string[]): number => sum(inForce.flatMap((credit) => fields.map((field) => cents(credit[field]))))
  expect([balance.activeCredits, balance.availableBalance, balance.runningBalance].map(cents)).toEqual([
    amounts('creditAmount'),
    amounts('creditAmount') - amounts('consumedAmount'),
    amounts('creditAmount') - amounts('consumedAmount', 'holdAmount'),
  ])
}

it('credits add up at every instant, whatever is given, invoiced, made void and let expire', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 8, maxLength: 16 }), async (acts) => {
      const api = await withAccount()
      let today = 0
      const first: Act = { kind: 'GIVE', amount: 9000, from: 0, days: 30, priority: 2, lines: [] }
      for (const one of [first, ...acts]) {
        if (one.kind === 'WAIT') {
          today += one.days
          await api.moveTo(`${dateOf(today)}T00:00:00Z`)
        } else if (one.kind === 'GIVE') {
          const from = today + one.from
          const { status, body } = await api.post('/credits', {
            creditRequests: [
              {
                accountId: ACCOUNT,
                purpose: 'Model',
                priority: one.priority,
                creditAmount: one.amount / 100,
                effectiveFrom: dateOf(from),
                ...(one.days !== null && { effectiveUntil: dateOf(from + one.days) }),
                applicableEntityIds: one.lines,
              },
            ],
          })
          expect([status, body.message]).toEqual([200, undefined])
        } else if (one.kind === 'INVOICE') {
          const from = today + one.from
          const until = one.status === 'DUE' ? Math.min(today, from + one.days) : from + one.days
          const { status, body } = await api.post('/invoices', {
            accountId: ACCOUNT,
            startDate: `${dateOf(from)}T00:00:00Z`,
            endDate: `${dateOf(until)}T00:00:00Z`,
            status: one.status,
            autoAdvance: one.autoAdvance,
            applyCredits: one.applies,
            lineItems: one.amounts.map((amount, index) => ({ id: ['a', 'b', 'c'][index], value: amount / 100 })),
          })
          expect([status, body.message]).toEqual([201, undefined])
        } else if (one.kind === 'VOID_CREDIT') {
          const { data } = (await api.get(`/credits?account_id=${ACCOUNT}&status=ACTIVE`)).body
          if (data.length) expect((await api.post(`/credits/${data[one.place % data.length].id}/void`)).status).toBe(200)
        } else {
          const all = (await api.get(`/invoices?owner_id=${ACCOUNT}&pageSize=50`)).body.data as Loose[]
          const fit = all.filter(({ status, invoiceType, endDate }) => {
            if (one.kind === 'VOID_INVOICE') return status === 'DUE' || status === 'PAID'
            const isWritten = status === 'DRAFT' && invoiceType === 'CUSTOM'
            return isWritten && (one.kind === 'DELETE' || Date.parse(endDate) <= START + today * DAY)
          })
          const paid = one.kind === 'VOID_INVOICE' && one.place > 1 ? await paidByCredits(api) : undefined
          const wanted = paid ? fit.filter(({ id }) => paid.has(id)) : fit
          const chosen = wanted[one.place % Math.max(1, wanted.length)]
          if (!chosen) continue
          const { status, body } =
            one.kind === 'DELETE'
              ? await api.delete(`/invoices/${chosen.id}`)
              : await api.patch(`/invoices/${chosen.id}`, { status: one.kind === 'MAKE_DUE' ? 'DUE' : 'VOID' })
          expect([status, body.message]).toEqual([200, undefined])
        }
        await holdBalances(api, START + today * DAY)
      }
      const { data } = (await api.get('/invoice_verifications?pageSize=50')).body
      expect(data.flatMap(({ differences }: Loose) => differences)).toEqual([])
    }),
    { numRuns: 6, endOnFailure: true },
  )
}, 120_000)
