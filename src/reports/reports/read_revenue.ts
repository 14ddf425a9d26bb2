import { type SQL, sql } from 'drizzle-orm'
import { type Earning, readWritten, reckonEarnings, refreshKept } from '../../billing/revenue/service.ts'
import { type ExchangeRates, readExchangeRates, selectExchangeRates } from '../../customers/settings/service.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { accountLedgersOf, askAccounts } from '../../ledger/client.ts'
import { formatDecimal, isZero, multiply, requireDecimal } from '../../lib/decimal.ts'
import { ApiError } from '../../lib/errors.ts'
import { FOREVER } from '../../lib/time.ts'
import type { Row } from './evaluate.ts'
import { type Page, type Reader, type Reading, needs, textsOf, windowOf } from './reading.ts'
import { readCustomers } from './read_usage.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** How far behind its beginning a report looks for what is earned by then: the longest cycle is a year. */
const AHEAD = 400 * DAY

/** The days and the accounts that are reckoned at once, by the hour. */
const DAYS_AT_ONCE = 31
const ACCOUNTS_AT_ONCE = 50

/** The days of accounts that a ledger answers at once. */
const PAGE = 500

/** The most accounts that have changed and are reckoned before what is kept of them is read. */
const MOST_RECKONED = 200

/**
 * The place in the reading of revenue: what was kept in the ledgers, by the name of the ledger; or what is reckoned, by the instant and the
 * account that was read last; and behind either what invoices of written lines have earned, by the instant and the length of the time that is read.
 */
type Cursor =
  | readonly ['kept', ledger: string, after: readonly [account: string, day: number] | null]
  | readonly ['reckoned', at: number, after: string]
  | readonly ['written', at: number, length: number]

/** What a report cannot be made of. */
export const tooMuch = (message: string): ApiError => new ApiError('UNPROCESSABLE', message)

/** Thrown if the revenue of all accounts is being reckoned for the first time. */
const NOT_RECKONED_YET = new ApiError('UNAVAILABLE', 'The revenue of all accounts is being reckoned for the first time.', 60)

interface Known {
  rates: ExchangeRates
  /** Whether the ledgers keep what accounts earn: undefined if they do not, since there are few enough to be reckoned. */
  isReady: boolean | undefined
  /** Whether so many of the accounts have had a price plan that what is kept of them is read. */
  areMany: boolean
}

const ofAccounts = (accounts: readonly string[] | undefined): SQL =>
  accounts ? sql`and account_id in (select value from json_each(${JSON.stringify(accounts)}))` : sql``

/** The query for the accounts behind an id that have had a price plan. */
const selectPlanned = ({ organizationId }: Ctx, accounts: readonly string[] | undefined, after: string, limit: number): Statement =>
  selectRows(sql`
    select account_id as id from timelines
    where organization_id = ${organizationId} and account_id > ${after} ${ofAccounts(accounts)} order by account_id limit ${limit}`)

/** Reads what revenue is read with. */
const readKnown = async (ctx: Ctx, accounts: readonly string[] | undefined): Promise<Known> => {
  const [rates, kept, planned] = await ctx.session.batch<{ isReady: number }>([
    selectExchangeRates(ctx),
    selectRows(sql`select is_ready as isReady from kept_revenue where organization_id = ${ctx.organizationId}`),
    selectPlanned(ctx, accounts, '', MOST_RECKONED + 1),
  ])
  const isReady = kept?.results[0]?.isReady
  return {
    rates: readExchangeRates(rates?.results),
    isReady: isReady === undefined ? undefined : isReady === 1,
    areMany: (planned?.results ?? []).length > MOST_RECKONED,
  }
}

/** An amount in the base currency of the organization. */
const convert = ({ baseCurrency }: Ctx, rates: ExchangeRates, { amount, currency }: Pick<Earning, 'amount' | 'currency'>): string => {
  const decimal = requireDecimal(amount)
  if (currency === baseCurrency || isZero(decimal)) return amount
  const rate = rates.get(currency)
  if (!rate)
    throw tooMuch(
      `There is revenue in ${currency}, whose rate is not known. Put it into the setting exchange_rates of the organization, or leave out revenue_base_currency.`,
    )
  return formatDecimal(multiply(decimal, rate))
}

const isSome = ({ amount }: Earning): boolean => !isZero(requireDecimal(amount))

/** The rows of what accounts have earned. */
const showEarnings = ({ ctx, query }: Reading, { rates }: Known, earnings: readonly Earning[]): Row[] => {
  const isConverted = needs(query, 'revenue.revenue_base_currency')
  return earnings.filter(isSome).map((earning) => ({
    'revenue.account_id': earning.accountId,
    'revenue.customer_id': earning.customerId || null,
    'revenue.billable_id': earning.billableId || null,
    'revenue.revenue_invoice_currency': earning.amount,
    'revenue.revenue_base_currency': isConverted ? convert(ctx, rates, earning) : null,
    'revenue.revenue_time': earning.at,
  }))
}

/** The part of a reading that each way of reading needs. */
interface Asked {
  reading: Reading
  known: Known
  accounts: readonly string[] | undefined
  from: number
  until: number
}

const WRITTEN = ({ from, until }: Asked): Cursor => ['written', from, until - from]

/** Reads what is kept of accounts, ledger by ledger. What changed just before is reckoned first. */
const readKeptPage = async (asked: Asked, cursor: Extract<Cursor, readonly ['kept', ...unknown[]]> | null): Promise<Page> => {
  const { reading, known, accounts, from, until } = asked
  const { ctx, begunAt } = reading
  if (known.isReady !== true) throw NOT_RECKONED_YET
  const generations = await reading.generations()
  const ledgers = accountLedgersOf(ctx, generations)
  if (!cursor) await refreshKept(ctx, generations, MOST_RECKONED, accounts)
  const [, name, after] = cursor ?? ['kept', ledgers[0] ?? '', null]
  const { rows, read } = await askAccounts(ctx, name, (ledger) =>
    ledger.listEarned({ from, until, now: begunAt, limit: PAGE, ...(accounts && { accounts }), ...(after && { after }) }),
  )
  const customers = await readCustomers(
    ctx,
    rows.map(([accountId]) => accountId),
  )
  const next = ledgers[ledgers.indexOf(name) + 1]
  const more: Cursor = read ? ['kept', name, read] : next === undefined ? WRITTEN(asked) : ['kept', next, null]
  const earnings = rows.map(([accountId, billableId, currency, at, amount]) => ({
    accountId,
    customerId: customers.get(accountId) ?? '',
    billableId,
    currency,
    at,
    amount,
  }))
  return { rows: showEarnings(reading, known, earnings), next: more }
}

/** Reads the next accounts that are reckoned, and when the first price plan of all that are begins (milliseconds). */
const readReckoned = async (
  { reading: { ctx }, accounts }: Asked,
  after: string,
): Promise<{ accountIds: string[]; first: number | null }> => {
  const [planned, begun] = await ctx.session.batch<{ id: string; first: number | null }>([
    selectPlanned(ctx, accounts, after, ACCOUNTS_AT_ONCE),
    selectRows(sql`
      select min(start_at) as first from schedules
      where organization_id = ${ctx.organizationId} and state = 'ACTIVE' ${ofAccounts(accounts)}`),
  ])
  return { accountIds: (planned?.results ?? []).map(({ id }) => id), first: begun?.results[0]?.first ?? null }
}

/** Reckons what accounts earn by the hour, a month and some accounts at a time. */
const reckonPage = async (asked: Asked, [, at, after]: Extract<Cursor, readonly ['reckoned', ...unknown[]]>): Promise<Page> => {
  const { reading, known, from, until } = asked
  const { accountIds, first } = await readReckoned(asked, after)
  const start = Math.max(at, first === null ? until : Math.floor(first / HOUR) * HOUR)
  const last = Math.min(until, reading.begunAt + AHEAD)
  const end = Math.min(last, start + DAYS_AT_ONCE * DAY)
  if (start >= last || (!accountIds.length && !after)) return { rows: [], next: WRITTEN(asked) }
  const lastAccount = accountIds.at(-1)
  if (lastAccount === undefined) return { rows: [], next: ['reckoned', end, ''] satisfies Cursor }
  const hours: number[] = []
  for (let hour = Math.floor(start / HOUR) * HOUR; hour < end; hour += HOUR) hours.push(hour)
  const window = { accountIds, from: Math.max(from, start), until: end }
  const earnings = await reckonEarnings({ ...reading.ctx, now: reading.begunAt }, await reading.generations(), window, hours)
  if (!earnings) throw tooMuch('There is too much revenue to be reckoned. Filter by revenue_time or by account_id.')
  const more: Cursor = accountIds.length < ACCOUNTS_AT_ONCE ? ['reckoned', end, ''] : ['reckoned', start, lastAccount]
  return { rows: showEarnings(reading, known, earnings), next: more }
}

/** Reads what invoices of written lines, purchases and charges have earned, in as long a time as can be read at once. */
const readWrittenPage = async (
  { reading, known, accounts, until }: Asked,
  [, at, length]: Extract<Cursor, readonly ['written', ...unknown[]]>,
): Promise<Page> => {
  if (at >= until) return { rows: [], next: null }
  let span = Math.max(length, HOUR)
  for (;;) {
    const end = Math.min(until, at + span)
    const earnings = await readWritten(reading.ctx, { accounts, from: at, until: end })
    if (earnings) {
      const next: Cursor | null = end < until ? ['written', end, span * 2] : null
      return { rows: showEarnings(reading, known, earnings), next }
    }
    if (span <= HOUR) throw tooMuch('Invoices of one hour have too many lines. Filter by account_id.')
    span = Math.max(HOUR, Math.floor(span / 2 / HOUR) * HOUR)
  }
}

/** Reads what accounts have earned by hour: of many accounts what is kept, of few what they earn now; and then what invoices of written lines have. */
export const readRevenue: Reader = async (reading, cursor) => {
  const { ctx, query, owner } = reading
  const window = windowOf(query, 'revenue.revenue_time')
  const accounts = owner ? [owner.accountId] : textsOf(query, 'revenue.account_id')
  const [from, until] = [Math.floor(window.from / HOUR) * HOUR, Math.min(Math.ceil(window.until / HOUR) * HOUR, FOREVER.until)]
  if (accounts?.length === 0 || from >= until) return { rows: [], next: null }
  const asked: Asked = { reading, known: await readKnown(ctx, accounts), accounts, from, until }
  const place = cursor as Cursor | null
  if (place?.[0] === 'written') return readWrittenPage(asked, place)
  if (place?.[0] === 'kept') return readKeptPage(asked, place)
  if (place) return reckonPage(asked, place)
  const isKept = asked.known.isReady !== undefined && asked.known.areMany
  return isKept ? readKeptPage(asked, null) : reckonPage(asked, ['reckoned', from, ''])
}
