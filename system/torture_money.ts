import { randomInt, randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import type { KeptLedgers } from './ledgers.ts'
import { type Acts, BUSY, type Listed, openActs } from './torture_money_acts.ts'
import { type MoneyCatalogue, makeMoneyCatalogue } from './torture_money_catalogue.ts'
import { holdConserved } from './torture_money_conserved.ts'
import { type Act, BUYER, BUYERS, GATEWAY, KINDS, newModel } from './torture_money_model.ts'
import { type Money, readMoney } from './torture_money_tables.ts'
import { holdBought } from './torture_money_usage.ts'
import type { Request, Send } from './torture_requests.ts'
import { must } from './torture_values.ts'

/** How many clients a buyer has, and the pause of each, at most, in milliseconds. */
const [CLIENTS, PAUSE] = [2, 150]

const buyers = Array.from({ length: BUYERS }, (_, n) => `${BUYER}${n}`)

/** How often each kind is chosen. */
const WEIGHTS: Readonly<Record<keyof Acts, number>> = {
  sendEvents: 4,
  correct: 3,
  payInvoice: 4,
  changeStatus: 6,
  refund: 2,
  payAgain: 1,
  topUp: 2,
  giveCredit: 2,
  voidCredit: 1,
  license: 2,
  editPlan: 1,
  bill: 3,
}
const CHOICES = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind as keyof Acts))

/** What each buyer does first, so that there is money to move. */
const FIRST = ['topUp', 'giveCredit', 'bill', 'bill', 'sendEvents', 'license'] as const

/** Where the test clock stands as far as that is known, and where it may stand at most. */
interface Clock {
  readClock: () => number
  latest: () => number
}

/** Moves money of accounts while their cycles are billed by a test clock, and checks after each kill and at the end that none has come or gone. */
export const openMoneyLoad = (send: Send, isKilled: () => boolean, { readClock, latest }: Clock) => {
  const model = newModel()
  const counts = { done: 0, refused: 0, lost: 0, made: 0, corrected: 0, returned: 0 }
  const lost = new Map<Act, { isMade: boolean }>()
  let catalogue: MoneyCatalogue | undefined
  let acts: Acts | undefined

  /** Sends an act, or what is left to do of one: a request that means the same. */
  const ask = async (act: Act, request: Request = act.request): Promise<void> => {
    model.open.add(act)
    const answer = await send(request)
    if (!answer) return
    if (answer.status === BUSY) {
      await wait(1000)
      return isKilled() ? undefined : ask(act, request)
    }
    model.open.delete(act)
    const isRefused = answer.status >= 400
    must(!isRefused || !lost.get(act)?.isMade, `${act.kind} ${act.mark} had been made, and was refused: ${JSON.stringify(answer.body)}`)
    if (isRefused) {
      counts.refused++
      model.noteRefusal(act)
      act.forget?.()
      return
    }
    counts.done++
    model.note(act)
    act.learn?.(answer)
  }

  const listInvoices = async (account: string): Promise<Listed[]> => {
    const list = await send({ method: 'GET', path: `/invoices?owner_id=${account}&pageSize=20` })
    return (list?.body['data'] ?? []) as Listed[]
  }

  /** Makes the plans and the buyers, and lets these begin. The schema and the meter are there. */
  const prepare = async (): Promise<void> => {
    catalogue = await makeMoneyCatalogue(send)
    const its = openActs(model, { plans: [...catalogue.prices.keys()], license: catalogue.license }, readClock)
    acts = its
    await Promise.all(
      buyers.map(async (account) => {
        for (const kind of FIRST) await ask(its[kind](account))
        /** The first bill has taken of the credit, which gets that back. */
        const first = (await listInvoices(account)).findLast(({ invoiceType }) => invoiceType === 'CUSTOM')
        const act = first && its.changeStatus([first], 'VOID')
        if (act) await ask(act)
      }),
    )
  }

  /** Sends a payment again that was recorded: nothing is recorded, and it is answered as it was. */
  const askAgain = async ({ payAgain }: Acts): Promise<void> => {
    const known = payAgain()
    const answer = known && (await send({ ...known, headers: { 'Idempotency-Key': randomUUID() }, refusals: [] }))
    if (!answer) return
    const reference = known.body?.['externalPaymentReference'] as { transactionNumber: string } | undefined
    const transactionNumber = reference?.transactionNumber ?? ''
    const first = model.payments.get(transactionNumber)?.body
    must(JSON.stringify(first) === JSON.stringify(answer.body), `${transactionNumber} was answered ${JSON.stringify(answer.body)} again`)
  }

  const choose = async (account: string, its: Acts): Promise<Act | undefined> => {
    const kind = CHOICES[randomInt(CHOICES.length)] ?? 'sendEvents'
    if (kind === 'payInvoice' || kind === 'refund' || kind === 'changeStatus') {
      const invoices = await listInvoices(account)
      return kind === 'changeStatus' ? its.changeStatus(invoices) : its[kind](account, invoices)
    }
    if (kind === 'payAgain') {
      await askAgain(its)
      return undefined
    }
    return its[kind](account)
  }

  const keepBuying = async (account: string): Promise<void> => {
    if (!acts) throw new Error('Nothing was prepared')
    for (; !isKilled(); await wait(randomInt(PAUSE))) {
      const act = await choose(account, acts)
      if (act && !isKilled()) await ask(act)
    }
  }

  const work = () => Array.from({ length: CLIENTS }, () => buyers.map(keepBuying)).flat()

  /**
   * Sends again what was lost, so that all is known. A payment is sent again as by a gateway that tells of it twice: under another key, with the
   * same reference.
   */
  const recover = async (): Promise<void> => {
    const again = [...model.open].map((act) => {
      const isTold = (act.kind === 'PAYMENT' || act.kind === 'REFUND') && randomInt(2) === 1
      return ask(act, isTold ? { ...act.request, headers: { 'Idempotency-Key': randomUUID() } } : act.request)
    })
    counts.lost += again.length
    await Promise.all(again)
    must(!model.open.size, `${model.open.size} acts were not answered`)
    lost.clear()
  }

  const holdMarks = (money: Money): void => {
    const { payments, wallets, entries, credits, invoices, licenses, statuses } = money
    const walletOf = new Map(wallets.map(({ id, account }) => [id, account]))
    const toppedUp = entries.filter(({ entity, description }) => entity === null && description === 'Top-up')
    const given = credits.flatMap(({ account, key, amount }) => (key === null ? [] : [`${account} ${key} ${Number(amount)}`]))
    const told = payments.filter(({ source }) => source === GATEWAY)
    const keyed = invoices.flatMap(({ account, key }) => (key === null ? [] : [`${account} ${key}`]))
    model.holdMarks(
      ['TOP_UP'],
      'a top-up',
      toppedUp.map(({ wallet, amount }) => `${walletOf.get(wallet)} ${Number(amount)}`),
    )
    model.holdMarks(['CREDIT'], 'a credit', given)
    model.holdMarks(
      ['VOID_CREDIT'],
      'a credit that is void',
      credits.filter(({ status }) => status === 'VOIDED').map(({ id }) => id),
    )
    model.holdMarks(
      ['PAYMENT', 'REFUND'],
      'a payment',
      told.map(({ account, number, total }) => `${account} ${number} ${Number(total)}`),
    )
    model.holdMarks(['STATUS'], 'a status of an invoice', statuses)
    model.holdMarks(['CUSTOM'], 'an invoice', keyed)
    model.holdMarks(['LICENSE'], 'an update of licences', licenses)
  }

  /** An invoice that was made PAID has been that, and has a payment for that, as often as that was asked for at most. */
  const holdPaid = ({ payments, everPaid }: Money): void => {
    const done = model.done.get('PAID') ?? []
    for (const mark of done) must(everPaid.has(mark.split(' ')[0] ?? ''), `an invoice was made PAID, and was that never: ${mark}`)
    const asked = [...done, ...[...model.open].filter(({ kind }) => kind === 'PAID').map(({ mark }) => mark)]
    const mayOf = Map.groupBy(asked, (mark) => mark.split(' ')[0] ?? '')
    const own = payments.filter(({ source, account }) => source === 'MANUAL' && account.startsWith(BUYER))
    for (const [invoice, its] of Map.groupBy(own, ({ number }) => number.slice(0, number.lastIndexOf('-')))) {
      const may = mayOf.get(invoice)?.length ?? 0
      must(its.length <= may, `the invoice ${invoice} was made PAID ${may} times, and has ${its.length} payments for that`)
    }
  }

  /** What was answered to a payment is what is there. */
  const holdAnswers = ({ payments, parts }: Money): void => {
    const byId = new Map(payments.map((payment) => [payment.id, payment]))
    const partsOf = Map.groupBy(parts, ({ payment }) => payment)
    for (const [reference, { body }] of model.payments) {
      const { id, lineItemRecords } = body as { id: string; lineItemRecords: { type: string; togaiId: string; amount: number }[] }
      const said = lineItemRecords.map(({ type, togaiId, amount }) => `${type} ${togaiId} ${amount}`).join(', ')
      const kept = (partsOf.get(id) ?? []).map(({ type, target, amount }) => `${type} ${target} ${Number(amount)}`).join(', ')
      must(byId.get(id)?.number === reference && said === kept, `the payment ${reference} was answered ${id} of ${said}, and is of ${kept}`)
    }
  }

  const holdPlans = ({ plans }: Money): void => {
    const may = [...model.open].filter(({ kind }) => kind === 'PLAN')
    for (const [account, plan] of model.plans) {
      const open = may.filter(({ mark }) => mark.startsWith(`${account} `)).map(({ mark }) => mark.split(' ')[1])
      const said = plans.get(account)
      must(said === plan || open.includes(said), `${account} was given the plan ${plan}, and has ${said} in the end`)
    }
  }

  /** Compares the database with the answers, and money with itself: after a kill, or when all is done. */
  const hold = (database: DatabaseSync, kept: KeptLedgers, isEnd = false): void => {
    if (!catalogue) throw new Error('Nothing was prepared')
    const money = readMoney(database)
    holdConserved(money)
    holdMarks(money)
    holdPaid(money)
    holdAnswers(money)
    holdPlans(money)
    counts.corrected = holdBought(model, kept, money.invoices, catalogue, buyers, {
      clock: isEnd ? readClock() : undefined,
      latest: latest(),
    })
    counts.returned = money.transactions.filter(({ type, invoice }) => type === 'CREDITED' && invoice !== null).length
    const impossible = model.listImpossible()
    must(!impossible.length, `none of these can be done any more: ${impossible.join(', ')}`)
    must(money.due === BUYERS, `of ${BUYERS} buyers ${money.due} are due again`)
    for (const act of model.open) {
      const isMade = money.keys.has(act.request.headers?.['Idempotency-Key'] ?? '')
      if (isMade) counts.made++
      lost.set(act, { isMade })
    }
  }

  /** How often each kind was done. */
  const countKinds = (): string => KINDS.map((kind) => `${kind} ${model.done.get(kind)?.length}`).join(', ')

  return { prepare, work, recover, hold, counts, countKinds }
}
