import type { Big } from 'big.js'
import { chargeAdvance, changeAdvance } from './billing_advance.ts'
import { heldOf, rateFee, spansOf } from './billing_cards.ts'
import { type Account, type Cycle, DAY, type Invoiced, cyclesOf, dayOf, dueDayOf } from './billing_cycles.ts'
import { ZERO, amountFor, beforeCredits, cut, exact, rateLicenses, rateUsage, statusOf, sum } from './billing_rating.ts'
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
    ...beforeCredits(total),
    lines: Object.fromEntries(Object.entries(lines).map(([line, value]) => [line, value.toFixed()])),
    usage: Object.fromEntries(meters.map((id) => [id, unitsOf(account, id, cycle).toFixed()])),
  }
}

const keyOf = (isAdvance: boolean, { start }: Cycle): string => `${start} ${isAdvance ? 'STANDARD_ADVANCED' : 'STANDARD'}`

/** Lets an invoice fall due. One that is late is dated when it falls due. */
const fall = (account: Account, key: string, invoice: Invoiced, now: number): void => {
  invoice.invoiceDay = Math.max(invoice.invoiceDay, dayOf(now))
  account.invoiced.set(key, invoice)
  account.journal.push({ day: dayOf(now), invoice })
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
      if ('toWallet' in change) account.journal.push(change)
      else fall(account, `change ${invoiced.size}`, change, now)
  }
}

/** Invoices in an order in which any two lists of them can be compared. */
export const sortInvoices = (invoices: readonly Invoiced[]): Invoiced[] => {
  const textOf = ({ start, type, end, gross, lines }: Invoiced): string =>
    JSON.stringify([start, type, end, gross, Object.entries(lines).toSorted()])
  return invoices.toSorted((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
}

/** The invoices of an account, those that are not due yet as they are now. */
export const invoicesOf = (account: Account, now: number): Invoiced[] => {
  const open = cyclesOf(account, dayOf(now)).filter((cycle) => !account.invoiced.has(keyOf(false, cycle)))
  const drafts = open.flatMap((cycle) => reckon(account, cycle, false) ?? []).map((draft) => ({ ...draft, status: 'DRAFT' }))
  return sortInvoices([...[...account.invoiced.values()].flatMap((one) => one ?? []), ...drafts])
}
