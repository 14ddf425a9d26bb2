import { env } from 'cloudflare:workers'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { unpackRating } from '../../src/billing/invoices/kept_rating.ts'
import type { Line } from '../../src/rating/line.ts'
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

/** All sequences take some minutes: BILLING_MODEL=full. */
const SEQUENCES = env.BILLING_MODEL === 'full' ? 500 : 25
const STEPS = 10

/** Numbers that are the same in every run (mulberry32). */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const cents = (text: string): number => Math.round(Number(text) * 100)
const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0)

const creditLinesIn = (line: Line): Line[] => (line.type === 'SUB_CREDITS' ? [line] : (line.lines ?? []).flatMap(creditLinesIn))

/** Holds that no cent has come or gone that was not told of: what was topped up and paid, and what was granted, in cents. */
const holdAll = async (organizationId: string, { toppedUp, granted }: { toppedUp: number; granted: number }): Promise<void> => {
  await holdMoney(organizationId)
  const rows = async (query: string): Promise<Loose[]> => (await env.DB.prepare(query).bind(organizationId).all()).results
  const [payments, lines, wallets, invoices, credits, transactions] = await Promise.all([
    rows('SELECT total FROM payments WHERE organization_id = ?'),
    rows("SELECT amount FROM payment_lines WHERE organization_id = ? AND type = 'CREDIT'"),
    rows('SELECT balance FROM wallets WHERE organization_id = ?'),
    rows('SELECT id, status, paid, total, rated FROM invoices WHERE organization_id = ?'),
    rows('SELECT id, amount, consumed, status FROM credits WHERE organization_id = ?'),
    rows('SELECT credit_id, transaction_type AS type, amount FROM credit_transactions WHERE organization_id = ?'),
  ])
  const bought = sum(lines.map(({ amount }) => cents(amount)))
  const paid = sum(invoices.filter(({ total }) => cents(total) > 0).map((one) => cents(one.paid)))
  /** Money: what came in is in wallets, in invoices or in credits that were bought. */
  expect(toppedUp + sum(payments.map(({ total }) => cents(total)))).toBe(sum(wallets.map(({ balance }) => cents(balance))) + paid + bought)
  /** Credits: what was granted and bought is what they are. */
  expect(sum(credits.map(({ amount }) => cents(amount)))).toBe(granted + bought)
  const drawn = new Map<string, number>()
  for (const { status, rated } of invoices)
    if (!['DRAFT', 'GONE', 'VOID'].includes(status))
      for (const { id = '', value } of creditLinesIn(unpackRating(rated).root)) drawn.set(id, (drawn.get(id) ?? 0) - cents(value))
  for (const { id, amount, consumed, status } of credits) {
    const own = (type: string): number =>
      sum(transactions.filter((one) => one.credit_id === id && one.type === type).map((one) => Math.abs(cents(one.amount))))
    expect([id, cents(consumed)]).toEqual([id, drawn.get(id) ?? 0])
    expect(own('CREDITED') - own('DEBITED') - own('EXPIRED') - own('VOIDED')).toBe(
      status === 'ACTIVE' || status === 'CONSUMED' ? cents(amount) - cents(consumed) : 0,
    )
  }
}

/** What requests must have come to in some sequence. */
const OUTCOMES = [
  'top-up done',
  'grant done',
  'invoice done',
  'purchase done',
  ...['payment', 'change', 'void', 'refund begun', 'refund', 'end of a credit'].flatMap((kind) => [`${kind} done`, `${kind} refused`]),
]

/** What they came to. */
const outcomes = new Set<string>()
let finished = 0

afterAll(() => {
  if (finished === SEQUENCES) expect(OUTCOMES.filter((one) => !outcomes.has(one))).toEqual([])
})

it.each(Array.from({ length: SEQUENCES }, (_, index) => index + 1))(
  'no cent is lost or made, whatever two requests do at once: sequence %i',
  async (seed) => {
    const random = randomOf(seed)
    const api = await withWallet()
    const told = { toppedUp: 0, granted: 0 }
    const known: string[] = []
    const given: string[] = []
    const any = (all: readonly string[]): string => all[random(Math.max(1, all.length))] ?? 'none'
    const amountOf = (most = 20_000, less = 0): number => (1 + random(most) - less) / 100
    const note = async (kind: string, answer: Promise<{ status: number; body: Loose }>): Promise<Loose> => {
      const { status, body } = await answer
      outcomes.add(`${kind} ${status < 300 ? 'done' : 'refused'}`)
      expect([status < 500 || status === 503, body.message]).toEqual([true, body.message])
      return status < 300 ? body : undefined
    }
    const acts: readonly (() => Promise<unknown>)[] = [
      async () => {
        const topupAmount = amountOf()
        if (await note('top-up', api.post('/accounts/acc1/wallet_topup', { topupAmount }))) told.toppedUp += Math.round(topupAmount * 100)
      },
      async () => {
        const creditAmount = amountOf()
        const request = { accountId: 'acc1', purpose: 'gift', effectiveFrom: '2026-01-01', priority: random(5), creditAmount }
        const made = await note('grant', api.post('/credits', { creditRequests: [request] }))
        if (!made) return
        told.granted += Math.round(creditAmount * 100)
        given.push(made.credits[0].id)
      },
      ...Array.from({ length: 3 }, () => async () => {
        const made = await note(
          'invoice',
          api.post('/invoices', {
            accountId: 'acc1',
            startDate: '2026-03-01T00:00:00Z',
            endDate: '2026-04-01T00:00:00Z',
            status: random(4) ? 'DUE' : 'PAID',
            lineItems: [{ value: amountOf(20_000, random(8) ? 0 : 15_000) }],
          }),
        )
        if (made) known.push(made.id)
      }),
      () => note('payment', api.pay(amountOf(), [{ type: 'INVOICE', togaiId: any(known) }])),
      () => note('purchase', api.pay(amountOf(20_000, -5_000), [{ type: 'CREDIT', amount: 20 }, { type: 'WALLET_CREDIT' }])),
      () => note('change', api.patch(any(known), ['PAID', 'VOID', 'UN_COLLECTIBLE', 'REFUND_INITIATED'][random(4)] ?? 'PAID')),
      () => note('void', api.patch(any(known), 'VOID')),
      () => note('refund', api.pay(-amountOf(5_000), [{ type: 'INVOICE', togaiId: any(known) }])),
      async () => {
        const id = any(known)
        if (await note('refund begun', api.patch(id, 'REFUND_INITIATED')))
          await note('refund', api.pay(-amountOf(1_000), [{ type: 'INVOICE', togaiId: id }]))
      },
      () => note('end of a credit', api.post(`/credits/${any(given)}/void`)),
    ]
    for (let step = 0; step < STEPS; step++) {
      const chosen = [1, 2].flatMap(() => acts[random(acts.length)] ?? [])
      await Promise.all(chosen.map(async (act) => act()))
      await holdAll(api.id, told)
    }
    finished++
  },
)
