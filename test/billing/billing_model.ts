import type { Big } from 'big.js'
import { type Held, type Span, ZERO, cut, exact, rateAmount, rateLicenses, rateUsage, sum } from './billing_rating.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

export const DAY = 86_400_000
export const dayOf = (time: number): number => Math.floor(time / DAY)
export const FOREVER = dayOf(Date.UTC(9999, 0, 1))

/** A rule of a plan, and what it does, told in another language than JSON Logic. */
export interface Rule {
  sent: Loose
  holds: (vars: Vars) => boolean
  compute: (vars: Vars) => Big
}

/** What rules read: the value and the quantity of each card of the invoice, by how rules name it, and the sum of the values. */
export interface Vars {
  revenue: Record<string, Big>
  usage: Record<string, Big>
  total: Big
}

/** A price plan as it was sent. */
export interface Plan {
  id: string
  name: string
  details: Loose
  rules: readonly Rule[]
}

/** A plan that an account has from a day until before a day. */
export interface Piece {
  plan: Plan
  details: Loose
  rules: readonly Rule[]
  from: number
  until: number
  dayOffset: string
  monthOffset: string
  isOverridden: boolean
}

export interface Account {
  id: string
  currency: string
  netTermDays: number
  isArchived: boolean
  pieces: Piece[]
  /** What the meters count of each event that counts, and how often another one has come in its place. */
  events: { id: string; time: number; units: Record<string, string>; corrections: number }[]
  entries: { licenseId: string; at: number; mode: string; quantity: string }[]
  names: { licenseId: string; name: string; from: number; until: number }[]
  /** What has been invoiced, by the type and the first day. */
  invoiced: Map<string, Invoiced>
}

/** An invoice as the API should show it. */
export interface Invoiced {
  type: string
  status: string
  start: number
  end: number
  invoiceDay: number
  netTermDays: number
  planName: string
  total: string
  lines: Record<string, string>
  usage: Record<string, string>
}

interface Cycle {
  piece: Piece
  ordinal: number
  start: number
  end: number
  nominalStart: number
  nominalEnd: number
}

const MONTHS: Readonly<Record<string, number>> = { MONTHLY: 1, QUARTERLY: 3, HALF_YEARLY: 6, ANNUALLY: 12 }

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate()

const begins = new Map<string, boolean>()

/** Whether a cycle of a plan begins on a day. */
const isBoundary = ({ details, dayOffset, monthOffset }: Piece, day: number): boolean => {
  const { interval } = details.pricingCycleConfig
  const key = `${interval} ${dayOffset} ${monthOffset} ${day}`
  const known = begins.get(key)
  if (known !== undefined) return known
  const date = new Date(day * DAY)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  const find = (): boolean => {
    if (interval === 'WEEKLY') return (date.getUTCDay() || 7) === (dayOffset === 'LAST' ? 7 : Number(dayOffset))
    const months = MONTHS[interval] ?? 1
    const inPeriod = { FIRST: 1, NIL: 1, LAST: months }[monthOffset] ?? Number(monthOffset)
    const last = daysInMonth(year, month)
    const wanted = dayOffset === 'LAST' ? last : Math.min(Number(dayOffset), last)
    return (months === 1 || month % months === inPeriod - 1) && date.getUTCDate() === wanted
  }
  const found = find()
  begins.set(key, found)
  return found
}

const step = (piece: Piece, day: number, by: 1 | -1): number => {
  let at = day
  while (!isBoundary(piece, at)) at += by
  return at
}

/** On which days cycles begin of a plan that an account is given on a day. */
export const offsetsOn = (config: Loose, day: number): Pick<Piece, 'dayOffset' | 'monthOffset'> => {
  if (!config.anniversaryCycle) return config.startOffset
  const date = new Date(day * DAY)
  const [month, number] = [date.getUTCMonth(), date.getUTCDate()]
  if (config.interval === 'WEEKLY') return { dayOffset: String(date.getUTCDay() || 7), monthOffset: 'NIL' }
  const isLast = number === 31 || (month === 1 && number === daysInMonth(date.getUTCFullYear(), 1))
  const months = MONTHS[config.interval] ?? 1
  return { dayOffset: isLast ? 'LAST' : String(number), monthOffset: months === 1 ? 'NIL' : String((month % months) + 1) }
}

/** The cycles of an account that have begun by a day. Those of a plan are counted on where the account is given the same plan anew. */
const cyclesOf = ({ pieces }: Account, today: number): Cycle[] => {
  const cycles: Cycle[] = []
  let ordinal = 0
  for (const [index, piece] of pieces.entries()) {
    const before = pieces[index - 1]
    if (!before || before.until !== piece.from || before.plan.id !== piece.plan.id) ordinal = 0
    for (let start = piece.from; start < piece.until && (start <= today || piece.until < FOREVER);) {
      const [nominalStart, nominalEnd] = [step(piece, start, -1), step(piece, start + 1, 1)]
      const end = Math.min(nominalEnd, piece.until)
      ordinal++
      if (start <= today) cycles.push({ piece, ordinal, start, end, nominalStart, nominalEnd })
      start = end
    }
  }
  return cycles
}

/** The plan of an account on a day. */
export const pieceOn = ({ pieces }: Pick<Account, 'pieces'>, day: number): Piece | undefined =>
  pieces.find(({ from, until }) => from <= day && day < until)

const dueDayOf = ({ piece, end }: Cycle): number => end + piece.details.pricingCycleConfig.gracePeriod

/** Whether a time of an account is in a cycle whose invoice is due. */
export const isClosed = (account: Account, time: number, now: number): boolean => {
  const cycle = cyclesOf(account, dayOf(now)).find(({ start, end }) => start <= dayOf(time) && dayOf(time) < end)
  return cycle !== undefined && dueDayOf(cycle) * DAY <= now
}

/** What counted entries add up to: from when until when there are how many. */
export const foldEntries = (entries: readonly Account['entries'][number][]): { from: number; until: number; quantity: Big }[] => {
  let quantity = ZERO
  const all = entries.toSorted((one, other) => one.at - other.at)
  return all.map(({ at, mode, quantity: text }, index) => {
    quantity = mode === 'ABSOLUTE' ? exact(text) : quantity.plus(text)
    return { from: at, until: all[index + 1]?.at ?? Number.POSITIVE_INFINITY, quantity }
  })
}

const heldOf = ({ entries, names }: Account, licenseId: string, isNamed: boolean): Held => {
  if (isNamed) {
    const its = names.filter((one) => one.licenseId === licenseId)
    const countIn = (from: number, until: number): Big =>
      exact(new Set(its.filter((one) => one.from < until && one.until > from).map(({ name }) => name)).size)
    return {
      onDay: (day) => countIn(day * DAY, (day + 1) * DAY),
      over: (first, last) => countIn(first * DAY, (last + 1) * DAY),
      atStart: (day) => countIn(day * DAY, day * DAY + 1),
    }
  }
  const held = foldEntries(entries.filter((one) => one.licenseId === licenseId))
  const at = (time: number): Big => held.find(({ from, until }) => from <= time && time < until)?.quantity ?? ZERO
  return {
    onDay: (day) => {
      const its = held.filter(({ from, until }) => from < (day + 1) * DAY && until > day * DAY && until > from)
      return its.map(({ quantity }) => quantity).reduce((one, other) => (one.gt(other) ? one : other), at(day * DAY))
    },
    over: (_first, last) => at((last + 1) * DAY - 1),
    atStart: (day) => at(day * DAY),
  }
}

const range = (from: number, until: number): number[] => Array.from({ length: Math.max(0, until - from) }, (_, index) => from + index)

/** A day some months later, or the last one of that month if it has no such day. */
const monthsLater = (day: number, months: number): number => {
  const date = new Date(day * DAY)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months]
  return dayOf(Date.UTC(year, month, Math.min(date.getUTCDate(), daysInMonth(year, month))))
}

/** The parts of a cycle by which a card of licences is billed. */
const spansOf = ({ usageCycle }: Loose, { start, end, nominalStart, nominalEnd }: Cycle): Span[] => {
  if (!usageCycle) return [{ days: range(start, end), of: nominalEnd - nominalStart }]
  const at = (index: number) => (usageCycle === 'WEEKLY' ? start + 7 * index : monthsLater(start, index * (MONTHS[usageCycle] ?? 1)))
  const spans: Span[] = []
  for (let index = 0; at(index) < end; index++)
    spans.push({ days: range(at(index), Math.min(at(index + 1), end)), of: at(index + 1) - at(index) })
  return spans
}

/** What a fee comes to in a cycle. Undefined if it is not charged in it. */
const rateFee = (card: Loose, { piece, ordinal, start, end, nominalStart, nominalEnd }: Cycle, currency: string): Big | undefined => {
  const { interval = 1, offset = 0 } = card.recurrenceConfig ?? {}
  const isAdvance = card.invoiceTiming === 'IN_ADVANCE'
  const count = ordinal - offset
  const isOnce = card.type === 'ONE_TIME'
  const isCharged = isOnce ? count === 1 : count >= 1 && (isAdvance ? count % interval === 1 % interval : count % interval === 0)
  if (!isCharged) return undefined
  if (!card.enableProration) return rateAmount(card.rateValues, currency, { days: 1, of: 1 })
  if (isOnce || interval === 1) return rateAmount(card.rateValues, currency, { days: end - start, of: nominalEnd - nominalStart })
  let [from, until] = [nominalStart, nominalEnd]
  for (let more = 1; more < interval; more++)
    if (isAdvance) until = step(piece, until + 1, 1)
    else from = step(piece, from - 1, -1)
  const days = Math.min(until, piece.until) - Math.max(from, piece.from)
  return rateAmount(card.rateValues, currency, { days, of: until - from })
}

interface RatedCard {
  line: string
  key: string
  value: Big
  quantity?: Big
  rerate?: (quantity: Big) => Big
}

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
    const value = rateFee(card, cycle, currency)
    return value
      ? [{ line: `${isAdvance ? 'ADVANCED_FIXED_FEE' : 'FIXED_FEE_RATE_CARD_AMOUNT'} ${card.id}`, key: `ff.${card.id}`, value }]
      : []
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

/** Runs the rules on cards, and gives what they add. */
const runRules = (cards: readonly RatedCard[], rules: readonly Rule[], isAdvance: boolean, currency: string): Record<string, Big> => {
  const added: Record<string, Big> = {}
  const timed = rules.filter(({ sent }) => (sent.invoiceTiming === 'IN_ADVANCE') === isAdvance)
  for (const { sent, holds, compute } of timed.toSorted((one, other) => one.sent.order - other.sent.order)) {
    const vars: Vars = {
      revenue: Object.fromEntries(cards.map(({ key, value }) => [key, value])),
      usage: Object.fromEntries(cards.map(({ key, quantity = ZERO }) => [key, quantity])),
      total: sum(cards.map(({ value }) => value)),
    }
    if (!holds(vars)) continue
    const { type, target = '', id } = sent.action
    if (type === 'ADD') {
      added[`PRICING_RULE_ADDITION_AMOUNT ${id}`] = cut(compute(vars), currency)
      continue
    }
    const card = cards.find(({ key }) => target.endsWith(`.${key}`))
    if (!card) continue
    if (target.startsWith('revenue.')) card.value = cut(compute(vars), currency)
    else {
      card.quantity = compute(vars)
      card.value = card.rerate?.(card.quantity) ?? card.value
    }
  }
  return added
}

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
      ? rateAmount(minimumCommitment.rateValues, currency, { days: end - start, of: nominalEnd - nominalStart })
      : undefined
  if (committed?.gt(subTotal)) lines['TRUE_UP_AMOUNT TRUE_UP_AMOUNT'] = committed.minus(subTotal)
  const total = sum(Object.values(lines))
  const meters: string[] = isAdvance ? [] : (piece.details.usageRateCards ?? []).map(({ usageMeterId }: Loose) => usageMeterId)
  return {
    type: isAdvance ? 'STANDARD_ADVANCED' : 'STANDARD',
    status: total.gt(0) ? 'DUE' : total.eq(0) ? 'PAID' : 'REFUND_COMPLETED',
    start,
    end,
    invoiceDay: isAdvance ? start : dueDayOf(cycle),
    netTermDays,
    planName: piece.plan.name,
    total: total.toFixed(),
    lines: Object.fromEntries(Object.entries(lines).map(([line, value]) => [line, value.toFixed()])),
    usage: Object.fromEntries(meters.map((id) => [id, unitsOf(account, id, cycle).toFixed()])),
  }
}

const keyOf = (isAdvance: boolean, { start }: Cycle): string => `${start} ${isAdvance ? 'STANDARD_ADVANCED' : 'STANDARD'}`

/** Does what is due for an account: what has begun is billed in advance, and what is behind its grace is billed for good. */
export const settle = (account: Account, now: number): void => {
  for (const cycle of cyclesOf(account, dayOf(now)))
    for (const isAdvance of [true, false]) {
      const key = keyOf(isAdvance, cycle)
      if (account.invoiced.has(key) || (!isAdvance && dueDayOf(cycle) * DAY > now)) continue
      const invoice = reckon(account, cycle, isAdvance)
      if (invoice) account.invoiced.set(key, invoice)
    }
}

/** The invoices of an account, those that are not due yet as they are now. */
export const invoicesOf = (account: Account, now: number): Invoiced[] => {
  const open = cyclesOf(account, dayOf(now)).filter((cycle) => !account.invoiced.has(keyOf(false, cycle)))
  const drafts = open.flatMap((cycle) => reckon(account, cycle, false) ?? []).map((draft) => ({ ...draft, status: 'DRAFT' }))
  return [...account.invoiced.values(), ...drafts].toSorted((one, other) => one.start - other.start || (one.type < other.type ? -1 : 1))
}

/** Gives an account a plan, or none, from a day until before a day, in place of what it had then. */
export const putPiece = (account: Account, from: number, until: number, piece?: Omit<Piece, 'from' | 'until'>): void => {
  const rest = account.pieces.flatMap((one) => [
    ...(one.from < from ? [{ ...one, until: Math.min(one.until, from) }] : []),
    ...(one.until > until ? [{ ...one, from: Math.max(one.from, until) }] : []),
  ])
  account.pieces = [...rest, ...(piece ? [{ ...piece, from, until }] : [])].toSorted((one, other) => one.from - other.from)
}
