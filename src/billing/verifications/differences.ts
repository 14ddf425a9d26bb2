import { minorDigitsOf } from '../../lib/codes.ts'
import { compare, formatDecimal, requireDecimal, sumDecimals } from '../../lib/decimal.ts'
import { type Evidence, meterSeries } from '../../ledger/client.ts'
import { rateAdvancesAt } from '../../rating/advance.ts'
import type { Line } from '../../rating/line.ts'
import { NOTHING, addQuotients, decimalOf, negateQuotient } from '../../rating/quotient.ts'
import {
  type BilledCycle,
  type ChargeOfInvoice,
  type InvoiceRow,
  buildCustomTree,
  inputOf,
  ratedPlanOf,
  rateAdvance,
  rateArrears,
  readQuotient,
} from '../invoices/service.ts'
import { takenIn } from '../credits/pool.ts'
import type { DebitRow } from '../credits/queries.ts'
import type { Basis } from '../invoices/table.ts'

const isSame = (one: string, other: string): boolean => compare(requireDecimal(one), requireDecimal(other)) === 0

/** What the events of usage meters add up to now, where that is not what it was. */
export const findUsageDifferences = (basis: Basis, sums: readonly Evidence[] | undefined): string[] =>
  sums
    ? Object.entries(basis.usage).flatMap(([id, units]) => {
        const now = sumDecimals(sums.flatMap(([series, its]) => (series === meterSeries(id) ? [its] : [])))
        return isSame(now, units) ? [] : [`the events of the usage meter "${id}" add up to ${now}, and it was reckoned with ${units}`]
      })
    : []

/** The overage of features now, where that is not what it was. */
export const findOverageDifferences = ({ overage = {} }: Basis, now: Readonly<Record<string, string>> | undefined): string[] =>
  Object.entries(overage).flatMap(([id, { units }]) => {
    const its = now?.[id] ?? '0'
    return isSame(its, units) ? [] : [`the overage of the feature "${id}" is ${its}, and it was reckoned with ${units}`]
  })

/** The numbers of licences from instants on (milliseconds). */
export type KnownChanges = readonly { at: number; quantity: string }[]

/** The numbers of licences, where what may have been known by then is not what it was reckoned with. */
export const findLicenseDifferences = (basis: Basis, licenses: ReadonlyMap<string, readonly KnownChanges[]> | undefined): string[] =>
  Object.entries(basis.licenses).flatMap(([id, its]) => {
    if (!('changes' in its)) return []
    const isEqual = (now: KnownChanges): boolean =>
      now.length === its.changes.length &&
      now.every(({ at, quantity }, index) => its.changes[index]?.at === at && isSame(its.changes[index].quantity, quantity))
    return licenses?.get(id)?.some(isEqual)
      ? []
      : [`the licences of the add-on "${id}" had other numbers than those that it was reckoned with`]
  })

/** Lines whose value is not the sum of their lines. */
const findSumDifferences = ({ type, id, value, lines = [] }: Line): string[] => [
  ...(lines.length && !isSame(sumDecimals(lines.map((one) => one.value)), value)
    ? [`the line ${id ?? type} is not the sum of its lines`]
    : []),
  ...lines.flatMap(findSumDifferences),
]

/** The first lines of two trees that do not say the same, by their types, ids, quantities and values. */
const findTreeDifferences = (kept: Line, again: Line | undefined): string[] => {
  const name = kept.id ?? kept.type
  if (!again || again.type !== kept.type || again.id !== kept.id) return [`the line ${name} is not made again`]
  const [lines, others] = [kept.lines ?? [], again.lines ?? []]
  const deeper = lines.flatMap((one, index) => findTreeDifferences(one, others[index]))
  const more = others.length > lines.length ? [`the line ${name} has ${others.length - lines.length} more lines when it is made again`] : []
  if (deeper.length || more.length) return [...deeper, ...more]
  const counts = (kept.quantity ?? '') === (again.quantity ?? '')
  return isSame(kept.value, again.value) && counts ? [] : [`the line ${name} comes to ${again.value}, and it came to ${kept.value}`]
}

/** What changes of licences cost that are reckoned again. */
const findChargeDifferences = (billed: BilledCycle, at: number, charges: readonly ChargeOfInvoice[]): string[] => {
  const costs = rateAdvancesAt(ratedPlanOf(billed), inputOf(billed), at, minorDigitsOf(billed.currency))
  return charges.flatMap(({ billableId, total }) => {
    const now = costs.find(({ card }) => card.billableId === billableId)?.cost.total ?? NOTHING
    const difference = addQuotients(now, negateQuotient(readQuotient(total)))
    return difference.dividend.coefficient === 0n
      ? []
      : [
          `the card of ${billableId} costs ${formatDecimal(decimalOf(now))} by then, and it cost ${formatDecimal(decimalOf(readQuotient(total)))}`,
        ]
  })
}

const rateAgain = (row: InvoiceRow, billed: BilledCycle | undefined): Line | undefined => {
  const { charges = [], written = [], credits = [] } = row.rated
  if (row.invoiceType === 'CUSTOM') {
    const built = buildCustomTree(written, charges, row, credits)
    return built.faults ? undefined : built.root
  }
  if (!billed) return undefined
  return row.invoiceType === 'STANDARD' ? rateArrears(billed, charges, credits).root : rateAdvance(billed, credits)?.root
}

/** What the lines of an invoice come to when they are made again, where that is not what they came to. */
export const findRatingDifferences = (row: InvoiceRow, billed: BilledCycle | undefined, charges: readonly ChargeOfInvoice[]): string[] => {
  const { root } = row.rated
  const sums = [
    ...(isSame(root.value, row.total) ? [] : [`its total is ${row.total}, and its lines come to ${root.value}`]),
    ...findSumDifferences(root),
    ...(root.value.includes('.') && (root.value.split('.')[1] ?? '').length > minorDigitsOf(row.currency)
      ? ['its total has too many decimals']
      : []),
  ]
  if (row.invoiceType === 'ADHOC_ADVANCED')
    return [...sums, ...(billed && row.basis ? findChargeDifferences(billed, row.basis.at, charges) : [])]
  const again = rateAgain(row, billed)
  return [...sums, ...(again || billed || row.invoiceType === 'CUSTOM' ? findTreeDifferences(root, again) : [])]
}

/** What the invoices come to that were merged into an invoice of a group, where that is not its total. */
export const findMergerDifferences = ({ total }: Pick<InvoiceRow, 'total'>, merged: string): string[] =>
  isSame(total, merged) ? [] : [`its total is ${total}, and the invoices that were merged into it come to ${merged}`]

/** What an invoice took of credits, where that is not what its lines say. */
export const findCreditDifferences = ({ rated }: Pick<InvoiceRow, 'rated'>, debits: readonly DebitRow[]): string[] => {
  const said = new Map(takenIn(rated.root).map(({ creditId, amount }) => [creditId, amount]))
  const taken = Map.groupBy(
    debits.filter(({ transactionType }) => transactionType === 'DEBITED'),
    ({ creditId }) => creditId,
  )
  return [...new Set([...said.keys(), ...taken.keys()])].flatMap((id) => {
    const [line, sum] = [said.get(id) ?? '0', sumDecimals((taken.get(id) ?? []).map(({ amount }) => amount))]
    return isSame(line, sum) ? [] : [`it took ${sum} of the credit "${id}", and its line says ${line}`]
  })
}
