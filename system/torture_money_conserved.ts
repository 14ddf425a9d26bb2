import { CREDIT_LINE, findLines, sumLine } from './torture_lines.ts'
import type { KeptEntry, KeptInvoice, KeptTransaction, Money } from './torture_money_tables.ts'
import { hundredthsOf, must, textOf } from './torture_values.ts'

const sumOf = (all: readonly { amount: string }[]): bigint => all.reduce((sum, { amount }) => sum + hundredthsOf(amount), 0n)

const group = <Row>(rows: readonly Row[], keyOf: (row: Row) => string): ((key: string) => readonly Row[]) => {
  const groups = Map.groupBy(rows, keyOf)
  return (key) => groups.get(key) ?? []
}

/** A payment is the sum of what it was spread over, and no reference was taken twice. */
const holdPayments = ({ payments, parts }: Money): void => {
  const partsOf = group(parts, ({ payment }) => payment)
  for (const { id, total } of payments) {
    const spread = sumOf(partsOf(id))
    must(spread === hundredthsOf(total), `the payment ${id} is of ${total}, and was spread over ${textOf(spread)}`)
  }
  const known = new Set(payments.map(({ id }) => id))
  const stray = parts.find(({ payment }) => !known.has(payment))
  must(!stray, `there is a part of the payment ${stray?.payment}, which is not there`)
  const references = new Set(payments.map(({ source, number }) => `${source} ${number}`))
  must(references.size === payments.length, `${payments.length} payments have ${references.size} references`)
}

/** Each entry of a wallet closes with the balance before it and its amount, and the last one with the balance of the wallet. */
const holdWallets = ({ wallets, entries, payments, parts, invoices, refunds }: Money): void => {
  const entriesOf = group(entries, ({ wallet }) => wallet)
  const paymentOf = new Map(payments.map((payment) => [payment.id, payment]))
  const invoiceOf = new Map(invoices.map((invoice) => [invoice.id, invoice]))
  for (const { id, account, balance } of wallets) {
    const own = entriesOf(id)
    let before = 0n
    for (const entry of own) {
      before += hundredthsOf(entry.amount)
      const what = `the entry ${entry.id} of ${account}, ${entry.description} of ${entry.amount},`
      must(before >= 0n && hundredthsOf(entry.closing) === before, `${what} closes with ${entry.closing}, and not with ${textOf(before)}`)
      const owner = entry.entity === null ? account : (paymentOf.get(entry.entity) ?? invoiceOf.get(entry.entity))?.account
      must(owner === account, `${what} is for ${entry.entity} of ${owner}`)
      must(entry.entity !== null || /^(?:Top-up$|Refund )/.test(entry.description), `${what} comes from nowhere`)
    }
    must(hundredthsOf(balance) === before, `the wallet of ${account} holds ${balance}, and its entries ${textOf(before)}`)
    const back = own.filter(({ entity, description }) => entity === null && description.startsWith('Refund '))
    const less = refunds.filter((refund) => refund.account === account && refund.mode === 'WALLET')
    must(
      sumOf(back) === -sumOf(less) && back.length === less.length,
      `${less.length} refunds of ${textOf(-sumOf(less))} are of ${account}, and ${back.length} of ${textOf(sumOf(back))} came into its wallet`,
    )
  }
  const entriesFor = group(entries, ({ entity }) => entity ?? '')
  const partsOf = group(parts, ({ payment }) => payment)
  for (const { id } of payments) {
    const [put, came] = [partsOf(id).filter(({ type }) => type === 'WALLET_CREDIT'), entriesFor(id)]
    must(sumOf(put) === sumOf(came), `the payment ${id} put ${textOf(sumOf(put))} into a wallet, into which ${textOf(sumOf(came))} came`)
  }
}

/** What the wallet paid for an invoice: it goes out once, and comes back once if the invoice is void. */
const holdNetted = ({ id, status }: KeptInvoice, entries: readonly KeptEntry[]): void => {
  const amounts = entries.map(({ amount }) => hundredthsOf(amount))
  const [out = 0n, back] = amounts
  const isRight = amounts.length === 0 || (out < 0n && (status === 'VOID' ? amounts.length === 2 && back === -out : amounts.length === 1))
  must(isRight, `the wallet paid for the invoice ${id}, which is ${status}, ${entries.map(({ amount }) => amount).join(', then ')}`)
}

/** What was paid for an invoice is what payments and the wallet paid for it, and its status is that of what was paid. */
const holdInvoices = ({ invoices, parts, entries }: Money): void => {
  const [partsOf, entriesOf] = [group(parts, ({ target }) => target), group(entries, ({ entity }) => entity ?? '')]
  for (const invoice of invoices) {
    const { id, account, status } = invoice
    const [total, paid] = [hundredthsOf(invoice.total), hundredthsOf(invoice.paid)]
    const [payments, wallet] = [sumOf(partsOf(id)), -sumOf(entriesOf(id))]
    const what = `the invoice ${id} of ${account}, which is ${status} and comes to ${invoice.total},`
    holdNetted(invoice, entriesOf(id))
    if (total <= 0n) must(!partsOf(id).length && !entriesOf(id).length, `${what} was paid`)
    else
      must(paid === payments + wallet, `${what} is paid ${invoice.paid}: by payments ${textOf(payments)}, by the wallet ${textOf(wallet)}`)
    if (total <= 0n) continue
    const isRight: Readonly<Record<string, boolean>> = {
      DRAFT: paid === 0n,
      DUE: paid === 0n,
      PARTIALLY_PAID: paid > 0n && paid < total,
      PAID: paid === total,
      UN_COLLECTIBLE: paid < total,
      VOID: paid === 0n && !partsOf(id).length,
      REFUND_INITIATED: paid > 0n,
      REFUND_COMPLETED: paid === 0n,
    }
    must(isRight[status], `${what} is paid ${invoice.paid}`)
  }
}

/** What an invoice took of a credit when it fell due is in its lines, and went back once if it is void. */
const holdTaken = ({ id, status, rated, sequence }: KeptInvoice, transactions: readonly KeptTransaction[]): void => {
  const taken = new Map<string, bigint>()
  const add = (credit: string, hundredths: bigint): unknown => taken.set(credit, (taken.get(credit) ?? 0n) + hundredths)
  if (sequence !== null && status !== 'VOID') for (const line of findLines(rated, CREDIT_LINE)) add(String(line[1]), -sumLine(line))
  for (const { credit, type, amount } of transactions) {
    if (type === 'DEBITED') add(credit, -hundredthsOf(amount))
    if (type === 'CREDITED') add(credit, hundredthsOf(amount))
  }
  const odd = [...taken].find(([, hundredths]) => hundredths !== 0n)
  must(!odd, `the invoice ${id}, which is ${status}, took ${textOf(odd?.[1] ?? 0n)} more of the credit ${odd?.[0]} than left it`)
  const given = transactions.filter(({ type }) => type === 'CREDITED')
  const credits = new Set(given.map(({ credit }) => credit))
  must(given.length === credits.size, `the invoice ${id}, which is ${status}, gave back twice to a credit`)
}

/** What was granted is left, consumed, expired or void; what was consumed is what invoices took that are not void. */
const holdCredits = ({ credits, transactions, invoices, parts, refunds }: Money): void => {
  const [ofCredit, ofInvoice] = [group(transactions, ({ credit }) => credit), group(transactions, ({ invoice }) => invoice ?? '')]
  for (const { id, account, status, amount, consumed } of credits) {
    const all = ofCredit(id)
    const sum = (type: string, isOfInvoice: boolean): bigint =>
      sumOf(all.filter((one) => one.type === type && (one.invoice !== null) === isOfInvoice))
    const what = `the credit ${id} of ${account}, which is ${status},`
    const [granted, used] = [hundredthsOf(amount), hundredthsOf(consumed)]
    must(sum('CREDITED', false) === granted, `${what} is of ${amount}, and was granted ${textOf(sum('CREDITED', false))}`)
    const taken = sum('DEBITED', true) - sum('CREDITED', true)
    must(taken === used, `${what} has ${consumed} consumed, and invoices took ${textOf(taken)}`)
    const gone = sum('EXPIRED', false) + sum('VOIDED', false)
    const right = status === 'EXPIRED' || status === 'VOIDED' ? granted - used : 0n
    must(gone === right && used <= granted, `${what} of ${amount} with ${consumed} consumed has lost ${textOf(gone)}`)
    must(status !== 'CONSUMED' || used === granted, `${what} has ${consumed} of ${amount} consumed`)
  }
  for (const invoice of invoices) holdTaken(invoice, ofInvoice(invoice.id))
  const byId = new Map(credits.map((credit) => [credit.id, credit]))
  const bought = parts.filter(({ type }) => type === 'CREDIT')
  for (const { target, amount, payment } of bought)
    must(
      byId.get(target)?.amount === amount,
      `the payment ${payment} bought a credit of ${amount}, and ${target} is of ${byId.get(target)?.amount}`,
    )
  const own = credits.filter(({ key, source }) => key === null && source === null)
  must(own.length === bought.length, `${bought.length} credits were bought, and ${own.length} are there`)
  const less = refunds.filter(({ mode }) => mode === 'CREDITS')
  const back = credits.filter(({ source }) => source !== null)
  must(
    less.length === back.length && sumOf(back) === -sumOf(less),
    `${less.length} refunds of ${textOf(-sumOf(less))} are given as credits, and there are ${back.length} of ${textOf(sumOf(back))}`,
  )
}

/** Holds that no cent has come or gone: payments, wallets, invoices and credits against each other. */
export const holdConserved = (money: Money): void => {
  holdPayments(money)
  holdWallets(money)
  holdInvoices(money)
  holdCredits(money)
  const { invoices, payments, wallets, parts, entries } = money
  const paid = invoices.filter(({ total }) => hundredthsOf(total) > 0n).reduce((sum, one) => sum + hundredthsOf(one.paid), 0n)
  const held = wallets.reduce((sum, { balance }) => sum + hundredthsOf(balance), 0n)
  const bought = sumOf(parts.filter(({ type }) => type === 'CREDIT'))
  const came = payments.reduce((sum, { total }) => sum + hundredthsOf(total), 0n) + sumOf(entries.filter(({ entity }) => entity === null))
  must(came === paid + held + bought, `${textOf(came)} came in, and ${textOf(paid + held + bought)} are in invoices, wallets and credits`)
}
