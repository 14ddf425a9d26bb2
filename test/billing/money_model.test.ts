import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { holdMoney, withWallet } from '../helpers/money.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-04-20T10:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

/** What is done to the money of an account, in cents. `which` is an invoice of those that there are. */
type Act =
  | { do: 'topUp'; cents: number }
  | { do: 'invoice'; cents: number; status: 'DUE' | 'PAID'; nets: boolean }
  | { do: 'pay'; which: number; share: number; more: number }
  | { do: 'status'; which: number; status: 'PAID' | 'VOID' | 'UN_COLLECTIBLE' | 'REFUND_INITIATED' }
  | { do: 'refund'; which: number; share: number }
  | { do: 'wallet'; status: 'ACTIVE' | 'INACTIVE' }

const amount = fc.integer({ min: 1, max: 20_000 })
const which = fc.nat({ max: 20 })
const share = fc.integer({ min: 1, max: 100 })
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant('topUp' as const), cents: amount }),
  fc.record({
    do: fc.constant('invoice' as const),
    cents: fc.integer({ min: -500, max: 20_000 }),
    status: fc.constantFrom('DUE' as const, 'DUE' as const, 'PAID' as const),
    nets: fc.boolean(),
  }),
  fc.record({ do: fc.constant('pay' as const), which, share, more: fc.nat({ max: 500 }) }),
  fc.record({
    do: fc.constant('status' as const),
    which,
    status: fc.constantFrom('PAID' as const, 'VOID' as const, 'UN_COLLECTIBLE' as const, 'REFUND_INITIATED' as const),
  }),
  fc.record({ do: fc.constant('refund' as const), which, share }),
  fc.record({ do: fc.constant('wallet' as const), status: fc.constantFrom('ACTIVE' as const, 'INACTIVE' as const) }),
)

/** What is done in each run, since it seldom comes up by itself: nothing is given back of an invoice of 0, and all of one in two parts. */
const ALWAYS: Act[] = [
  { do: 'invoice', cents: 0, status: 'DUE', nets: true },
  { do: 'status', which: 0, status: 'REFUND_INITIATED' },
  { do: 'topUp', cents: 300 },
  { do: 'invoice', cents: 1000, status: 'DUE', nets: true },
  { do: 'pay', which: 1, share: 100, more: 50 },
  { do: 'status', which: 1, status: 'REFUND_INITIATED' },
  { do: 'refund', which: 1, share: 40 },
  { do: 'refund', which: 1, share: 100 },
]

/** An invoice as the model has it, in cents. */
interface Known {
  id: string
  total: number
  byWallet: number
  byPayments: number
  payments: number
  status: string
}

const NEXT: Readonly<Record<string, readonly string[]>> = {
  DUE: ['PAID', 'VOID', 'UN_COLLECTIBLE'],
  PARTIALLY_PAID: ['PAID', 'UN_COLLECTIBLE', 'REFUND_INITIATED', 'VOID'],
  UN_COLLECTIBLE: ['PAID', 'VOID'],
  PAID: ['REFUND_INITIATED', 'VOID'],
}

const PAYABLE: ReadonlySet<string> = new Set(['DUE', 'PARTIALLY_PAID', 'UN_COLLECTIBLE'])

const paidOf = ({ byWallet, byPayments }: Known): number => byWallet + byPayments

/** The wallet and the invoices of an account as they should be, which do the same as the API. */
const model = () => {
  let balance = 0
  let isActive = true
  const known: Known[] = []
  const settle = (one: Known): void => {
    one.status = paidOf(one) === one.total ? 'PAID' : paidOf(one) ? 'PARTIALLY_PAID' : 'DUE'
  }
  return {
    known,
    balance: () => balance,
    topUp: (cents: number) => (balance += cents),
    setActive: (active: boolean) => (isActive = active),
    add: (id: string, total: number, status: string, nets: boolean): void => {
      const one = { id, total, byWallet: 0, byPayments: 0, payments: 0, status: 'REFUND_COMPLETED' }
      known.push(one)
      if (total < 0) return
      if (status === 'PAID') {
        one.byPayments = total
        one.payments = total ? 1 : 0
      } else if (nets && isActive) one.byWallet = Math.min(balance, total)
      balance -= one.byWallet
      settle(one)
    },
    pay: (one: Known, cents: number, more: number): void => {
      one.byPayments += cents
      one.payments++
      balance += more
      settle(one)
    },
    refund: (one: Known, cents: number): void => {
      one.byPayments -= cents
      one.payments++
      if (!paidOf(one)) one.status = 'REFUND_COMPLETED'
    },
    become: (one: Known, status: string): void => {
      if (status === 'PAID') {
        one.byPayments = one.total - one.byWallet
        one.payments++
      }
      if (status === 'VOID') {
        balance += one.byWallet
        one.byWallet = 0
      }
      one.status = status
    },
  }
}

it('whatever is topped up, invoiced, paid, given back and made void, adds up at every instant', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 30 }), async (acts) => {
      const api = await withWallet()
      const money = model()
      const chosen = (n: number): Known | undefined => money.known[n % Math.max(1, money.known.length)]
      for (const one of acts) {
        if (one.do === 'topUp') {
          await api.topUp(one.cents / 100)
          money.topUp(one.cents)
        } else if (one.do === 'invoice') {
          const { id } = await api.invoice(one.cents / 100, { status: one.status, applyWalletBalance: one.nets })
          money.add(id, one.cents, one.status, one.nets)
        } else if (one.do === 'wallet') {
          await api.call('PATCH', '/accounts/acc1/wallet', { status: one.status })
          money.setActive(one.status === 'ACTIVE')
        } else {
          const its = chosen(one.which)
          if (!its) continue
          if (one.do === 'status') {
            const { status } = await api.patch(its.id, one.status)
            const isSame = its.status === one.status
            const isLeft = one.status === 'REFUND_INITIATED' ? paidOf(its) > 0 : one.status !== 'VOID' || !its.payments
            const may = isLeft && NEXT[its.status]?.includes(one.status) === true
            expect([its.status, one.status, status]).toEqual([its.status, one.status, isSame || may ? 200 : 409])
            if (may && !isSame) money.become(its, one.status)
          } else if (one.do === 'pay') {
            const cents = Math.ceil(((its.total - paidOf(its)) * one.share) / 100)
            const line = { type: 'INVOICE', togaiId: its.id, ...(cents > 0 && { amount: cents / 100 }) }
            const { status } = await api.pay((Math.max(cents, 1) + one.more) / 100, [line])
            const may = PAYABLE.has(its.status)
            expect([its.status, status]).toEqual([its.status, may ? 201 : 409])
            if (may) money.pay(its, cents, one.more)
          } else {
            const cents = Math.max(1, Math.floor((paidOf(its) * one.share) / 100))
            const { status } = await api.pay(-cents / 100, [{ type: 'INVOICE', togaiId: its.id }])
            const may = its.status === 'REFUND_INITIATED' && cents <= paidOf(its)
            expect([its.status, status]).toEqual([its.status, may ? 201 : its.status === 'REFUND_INITIATED' ? 400 : 409])
            if (may) money.refund(its, cents)
          }
        }
        await holdMoney(api.id)
      }
      expect(Math.round((await api.balance()) * 100)).toBe(money.balance())
      const { data } = (await api.get('/invoices?pageSize=50')).body
      const shown = new Map(data.map((row: Loose) => [row.id, [row.status, Math.round(row.paidAmount * 100)]]))
      for (const one of money.known) expect(shown.get(one.id)).toEqual([one.status, one.total < 0 ? one.total : paidOf(one)])
    }),
    { numRuns: 12, endOnFailure: true, examples: [[ALWAYS]] },
  )
})
