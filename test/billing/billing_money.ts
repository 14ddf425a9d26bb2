import type { Account, Invoiced } from './billing_cycles.ts'
import { DAY } from './billing_cycles.ts'
import { ZERO, exact, smaller, statusOf, sum } from './billing_rating.ts'

/** What credits took off an invoice as it is shown, if they may take that much. */
const creditsOf = ({ gross }: Invoiced, { credits }: Invoiced): string => {
  const [most, taken] = [exact(gross), exact(credits).neg()]
  return taken.lt(0) || taken.gt(most.gt(0) ? most : ZERO) ? 'too much' : credits
}

/**
 * Reckons what is left to pay of the invoices of an account: how much credits took of each is as it is shown, and the wallet pays what it
 * holds when one falls due. What a group pays for is merged at the end of its day.
 */
export const payInvoices = (
  { journal, isGrouped }: Account,
  invoices: readonly Invoiced[],
  shown: readonly Invoiced[],
  now: number,
): void => {
  for (const [index, invoice] of invoices.entries()) {
    invoice.credits = creditsOf(invoice, shown[index] ?? invoice)
    if (invoice.credits !== 'too much') invoice.total = exact(invoice.gross).plus(invoice.credits).toFixed()
  }
  let wallet = ZERO
  for (const one of journal) {
    if ('toWallet' in one) {
      wallet = wallet.plus(one.toWallet)
      continue
    }
    const { invoice, day } = one
    const total = exact(invoice.total)
    const netted = isGrouped || total.lte(0) ? ZERO : smaller(wallet, total)
    wallet = wallet.minus(netted)
    invoice.paid = (total.gt(0) ? netted : total).toFixed()
    const paid = netted.eq(total) ? 'PAID' : 'PARTIALLY_PAID'
    const isMerged = isGrouped && total.gt(0) && (day + 1) * DAY - 1 <= now
    invoice.status = isMerged ? 'MERGED' : netted.gt(0) ? paid : statusOf(total)
  }
}

/** What is left of the credits of an account when its invoices that have fallen due have taken theirs. */
export const creditLeft = ({ credited, journal }: Account): string =>
  credited.plus(sum(journal.map((one) => ('invoice' in one ? exact(one.invoice.credits) : ZERO)))).toFixed()

/** The totals of the members of an invoice, whatever order they stand in. */
export const totalsOf = (totals: readonly string[]): Record<string, string> =>
  Object.fromEntries(totals.toSorted().map((total, index) => [`TOTAL_AMOUNT ${index}`, total]))

/** What accounts of a group pay together for each day. */
export const mergeInvoices = (accounts: readonly Account[], netTermDays: number): Invoiced[] => {
  const fallen = accounts.flatMap(({ journal }) =>
    journal.flatMap((one) => ('invoice' in one && one.invoice.status === 'MERGED' ? [one] : [])),
  )
  return [...Map.groupBy(fallen, ({ day }) => day)].map(([day, its]): Invoiced => {
    const members = its.map(({ invoice }) => invoice)
    const total = sum(members.map((one) => exact(one.total))).toFixed()
    return {
      type: 'COMPOSITE',
      status: 'DUE',
      start: Math.min(...members.map(({ start }) => start)),
      end: Math.max(...members.map(({ end }) => end)),
      invoiceDay: day,
      netTermDays,
      planName: undefined,
      gross: total,
      credits: '0',
      total,
      paid: '0',
      lines: totalsOf(members.map((one) => one.total)),
      usage: {},
    }
  })
}
