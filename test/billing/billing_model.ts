import type { Big } from 'big.js'
import { chargeAdvance, changeAdvance } from './billing_advance.ts'
import { heldOf, rateFee, spansOf } from './billing_cards.ts'
import { type Account, type Cycle, DAY, type Invoiced, cyclesOf, dayOf, dueDayOf } from './billing_cycles.ts'
import { ZERO, amountFor, cut, exact, rateLicenses, rateUsage, smaller, statusOf, sum } from './billing_rating.ts'
import { type RatedCard, runRules } from './billing_rules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** The cards that are billed in advance, or those that are billed after a cycle, in the order of the families. */
const rateCards = (account: Account, cycle: Cycle, isAdvance: boolean): RatedCard[] => {
  const { currency } = account
  const { details } = cycle.piece
  const isTimed = (card: Loose): boolean => (card.invoiceTiming === 'IN_ADVANCE') === isAdvance
  const usage = (isAdvance ? [] : (details.usageRateCards ?? [])).map((card: Loose): RatedCard => {
    const quantity = unitsOf(account, card.usageMeterId, cycle)
    return {
      line: `USAGE_RATE_CARD_AMOUNT ${card.usageMeterId}`,
      key: `urc.${card.usageMeterId}`,
      value: rateUsage(card, currency, quantity),
      quantity,
      rerate: (other) => rateUsage(card, currency, other),
    }
  })
  const fees = (details.fixedFeeRateCards ?? []).filter(isTimed).flatMap((card: Loose): RatedCard[] => {
    const fee = rateFee(card, cycle, currency)
    const line = `${isAdvance ? 'ADVANCED_FIXED_FEE' : 'FIXED_FEE_RATE_CARD_AMOUNT'} ${card.id}`
    return fee ? [{ line, key: `ff.${card.id}`, value: cut(fee.amount, currency) }] : []
  })
  const licenses = (details.licenseRateCards ?? []).filter(isTimed).map((card: Loose): RatedCard => ({
    line: `${isAdvance ? 'ADVANCED_' : ''}LICENSE_RATE_CARD_AMOUNT ${card.id}`,
    key: `lic.${card.id}`,
    ...rateLicenses(card, currency, heldOf(account, card.id, card.type === 'NAMED_LICENSE'), spansOf(card, cycle)),
  }))
  return [...usage, ...fees, ...licenses]
}

const unitsOf = ({ events }: Account, meterId: string, { start, end }: Cycle): Big =>
  sum(events.filter(({ time }) => time >= start * DAY && time < end * DAY).map(({ units }) => exact(units[meterId] ?? 0)))

/** The invoice of a cycle as it is now. Undefined if it is one for what is paid in advance, and nothing is. */
const reckon = (account: Account, cycle: Cycle, isAdvance: boolean): Invoiced | undefined => {
  const { currency, netTermDays } = account
  const { piece, start, end, nominalStart, nominalEnd } = cycle
  const cards = rateCards(account, cycle, isAdvance)
  const added = runRules(cards, piece.rules, isAdvance, currency)
  const lines: Record<string, Big> = { ...Object.fromEntries(cards.map(({ line, value }) => [line, value])), ...added }
  if (isAdvance && !Object.keys(lines).length) return undefined
  const subTotal = sum(Object.values(lines))
  const { minimumCommitment } = piece.details
  const committed =
    !isAdvance && minimumCommitment
      ? amountFor(minimumCommitment.rateValues, currency, { days: end - start, of: nominalEnd - nominalStart })
      : undefined
  const missing = committed ? cut(committed, currency).minus(subTotal) : ZERO
  if (missing.gt(0)) lines['TRUE_UP_AMOUNT TRUE_UP_AMOUNT'] = missing
  const total = sum(Object.values(lines))
  const meters: string[] = isAdvance ? [] : (piece.details.usageRateCards ?? []).map(({ usageMeterId }: Loose) => usageMeterId)
  return {
    type: isAdvance ? 'STANDARD_ADVANCED' : 'STANDARD',
    status: statusOf(total),
    start,
    end,
    invoiceDay: isAdvance ? start : dueDayOf(cycle),
    netTermDays,
    planName: piece.plan.name,
    total: total.toFixed(),
    paid: '0',
    lines: Object.fromEntries(Object.entries(lines).map(([line, value]) => [line, value.toFixed()])),
    usage: Object.fromEntries(meters.map((id) => [id, unitsOf(account, id, cycle).toFixed()])),
  }
}

const keyOf = (isAdvance: boolean, { start }: Cycle): string => `${start} ${isAdvance ? 'STANDARD_ADVANCED' : 'STANDARD'}`

/** Takes from credits what an invoice is to be paid of them, of those that are in force in its period. */
const takeCredits = (credits: Account['credits'], invoice: Invoiced): void => {
  let open = exact(invoice.total)
  for (const credit of credits.filter(({ from }) => from < invoice.end || (from === invoice.start && from === invoice.end))) {
    if (open.lte(0)) break
    const taken = smaller(credit.left, open)
    credit.left = credit.left.minus(taken)
    open = open.minus(taken)
  }
  if (open.eq(exact(invoice.total))) return
  invoice.total = open.toFixed()
  invoice.status = statusOf(open)
}

/** Lets an invoice fall due. Credits come off first, and the wallet pays what it can, unless a group does. One that is late is dated when it falls due. */
const fall = (account: Account, key: string, invoice: Invoiced, now: number): void => {
  takeCredits(account.credits, invoice)
  const total = exact(invoice.total)
  invoice.invoiceDay = Math.max(invoice.invoiceDay, dayOf(now))
  const netted = account.isGrouped || total.lte(0) ? ZERO : smaller(account.wallet, total)
  account.wallet = account.wallet.minus(netted)
  invoice.paid = (total.gt(0) ? netted : total).toFixed()
  if (netted.gt(0)) invoice.status = netted.eq(total) ? 'PAID' : 'PARTIALLY_PAID'
  account.invoiced.set(key, invoice)
  account.fallen.push({ day: dayOf(now), invoice })
}

/**
 * Does what is due for an account: what is behind its grace is billed for good, what has begun is billed in advance, and what has changed
 * since then of what is paid in advance is billed or given back.
 */
export const settle = (account: Account, now: number): void => {
  const { invoiced } = account
  const cycles = cyclesOf(account, dayOf(now)).map((cycle) => ({ cycle, isOpen: !invoiced.has(keyOf(false, cycle)) }))
  for (const { cycle, isOpen } of cycles) {
    const invoice = isOpen && dueDayOf(cycle) * DAY <= now ? reckon(account, cycle, false) : undefined
    if (invoice) fall(account, keyOf(false, cycle), invoice, now)
  }
  for (const { cycle, isOpen } of cycles) {
    const key = keyOf(true, cycle)
    if (!invoiced.has(key)) {
      const invoice = reckon(account, cycle, true)
      if (invoice) fall(account, key, invoice, now)
      else invoiced.set(key, undefined)
      if (invoice) chargeAdvance(account, cycle)
    }
    if (!invoiced.get(key)) continue
    for (const change of changeAdvance(account, cycle, now, isOpen))
      if (!('refund' in change)) fall(account, `change ${invoiced.size}`, change, now)
      else if (change.isCredit) account.credits.push({ from: dayOf(now), left: change.refund })
      else account.wallet = account.wallet.plus(change.refund)
  }
}

/** What accounts of a group pay together for a day: what has fallen due for them on it. Undefined if nothing has. */
export const mergeDay = (accounts: readonly Account[], day: number, netTermDays: number): Invoiced | undefined => {
  const members = accounts.flatMap(({ fallen }) =>
    fallen.flatMap(({ day: its, invoice }) => (its === day && invoice.status === 'DUE' ? [invoice] : [])),
  )
  if (!members.length) return undefined
  for (const member of members) member.status = 'MERGED'
  return {
    type: 'COMPOSITE',
    status: 'DUE',
    start: Math.min(...members.map(({ start }) => start)),
    end: Math.max(...members.map(({ end }) => end)),
    invoiceDay: day,
    netTermDays,
    planName: undefined,
    total: sum(members.map(({ total }) => exact(total))).toFixed(),
    paid: '0',
    lines: totalsOf(members.map(({ total }) => total)),
    usage: {},
  }
}

/** The totals of the members of an invoice, whatever order they stand in. */
export const totalsOf = (totals: readonly string[]): Record<string, string> =>
  Object.fromEntries(totals.toSorted().map((total, index) => [`TOTAL_AMOUNT ${index}`, total]))

/** Invoices in an order in which any two lists of them can be compared. */
export const sortInvoices = (invoices: readonly Invoiced[]): Invoiced[] => {
  const textOf = ({ start, type, end, total, lines }: Invoiced): string =>
    JSON.stringify([start, type, end, total, Object.entries(lines).toSorted()])
  return invoices.toSorted((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
}

/** The invoices of an account, those that are not due yet as they are now. */
export const invoicesOf = (account: Account, now: number): Invoiced[] => {
  const open = cyclesOf(account, dayOf(now)).filter((cycle) => !account.invoiced.has(keyOf(false, cycle)))
  const left = account.credits.map((credit) => ({ ...credit }))
  const drafts = open
    .flatMap((cycle) => reckon(account, cycle, false) ?? [])
    .toSorted((one, other) => one.invoiceDay - other.invoiceDay || one.start - other.start)
    .map((draft) => {
      takeCredits(left, draft)
      return { ...draft, status: 'DRAFT' }
    })
  return sortInvoices([...[...account.invoiced.values()].flatMap((one) => one ?? []), ...drafts])
}
