import type { Big } from 'big.js'

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

/** An update of how many licences there are. */
export interface LicenseEntry {
  licenseId: string
  at: number
  mode: string
  quantity: string
}

/** A name that has a licence from an instant until another one. */
export interface LicensedName {
  licenseId: string
  name: string
  from: number
  until: number
}

/** What has been charged in advance for a card in a cycle. */
export interface Charge {
  cycleStart: number
  total: Big
  refundMode: string
  paidUntil: number
  isFee: boolean
}

export interface Account {
  id: string
  currency: string
  netTermDays: number
  isArchived: boolean
  /** Whether it is in a group that pays for it. */
  isGrouped: boolean
  /** What it was given as credits. */
  credited: Big
  pieces: Piece[]
  /** What the meters count of each event that counts, and how often another one has come in its place. */
  events: { id: string; time: number; units: Record<string, string>; corrections: number }[]
  entries: LicenseEntry[]
  names: LicensedName[]
  /** What has been invoiced for a cycle, by its first day and the type, and for changes within it; undefined where there was nothing to invoice. */
  invoiced: Map<string, Invoiced | undefined>
  /** The invoices that have fallen due, on which day each did, and what its wallet was given, in the order of this. */
  journal: ({ day: number; invoice: Invoiced } | { toWallet: Big })[]
  /** What has been charged in advance, by the cycle and the card. */
  charged: Map<string, Charge>
}

/** An invoice as the API should show it. */
export interface Invoiced {
  type: string
  status: string
  start: number
  end: number
  invoiceDay: number
  netTermDays: number
  planName: string | undefined
  /** What its lines come to, what credits take off, and what is left to pay. */
  gross: string
  credits: string
  total: string
  paid: string
  lines: Record<string, string>
  usage: Record<string, string>
}

/** A cycle of an account, and the whole period that it is a part of. */
export interface Cycle {
  piece: Piece
  ordinal: number
  start: number
  end: number
  nominalStart: number
  nominalEnd: number
}

export const MONTHS: Readonly<Record<string, number>> = { MONTHLY: 1, QUARTERLY: 3, HALF_YEARLY: 6, ANNUALLY: 12 }

export const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate()

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

export const step = (piece: Piece, day: number, by: 1 | -1): number => {
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
export const cyclesOf = ({ pieces }: Account, today: number): Cycle[] => {
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

export const dueDayOf = ({ piece, end }: Cycle): number => end + piece.details.pricingCycleConfig.gracePeriod

/** Whether a time of an account is in a cycle whose invoice is due. */
export const isClosed = (account: Account, time: number, now: number): boolean => {
  const cycle = cyclesOf(account, dayOf(now)).find(({ start, end }) => start <= dayOf(time) && dayOf(time) < end)
  return cycle !== undefined && dueDayOf(cycle) * DAY <= now
}

/** Gives an account a plan, or none, from a day until before a day, in place of what it had then. */
export const putPiece = (account: Account, from: number, until: number, piece?: Omit<Piece, 'from' | 'until'>): void => {
  const rest = account.pieces.flatMap((one) => [
    ...(one.from < from ? [{ ...one, until: Math.min(one.until, from) }] : []),
    ...(one.until > until ? [{ ...one, from: Math.max(one.from, until) }] : []),
  ])
  account.pieces = [...rest, ...(piece ? [{ ...piece, from, until }] : [])].toSorted((one, other) => one.from - other.from)
}
