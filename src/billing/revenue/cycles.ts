import { sql } from 'drizzle-orm'
import {
  type CycleInForce,
  type PieceParts,
  type ReadTimeline,
  listCycles,
  readPieceParts,
  readTimelineRowsOfMany,
  selectPartsOfList,
  selectTimelines,
} from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import type { Timing } from '../../rating/card.ts'

/** The most accounts whose cycles are read together. */
const ACCOUNTS_AT_ONCE = 100

/** A cycle of an account that has begun. Times are in milliseconds. */
export interface BegunCycle extends CycleInForce {
  accountId: string
  customerId: string
  /** When the account was made, in milliseconds. */
  createdAt: number
  /** The currency in which it is billed. */
  currency: string
  start: number
  end: number
  /** Whether its usage is closed and its invoice is frozen, or not billed. */
  isFrozen: boolean
  /** What of it counts: not what is not billed, nor, of a plan that defers revenue, what has not fallen due. */
  timings: readonly Timing[]
}

/** Cycles, and what it takes to rate them. */
export interface FoundCycles {
  cycles: readonly BegunCycle[]
  parts: PieceParts
}

interface BilledRow {
  accountId: string
  invoiceType: 'STANDARD' | 'STANDARD_ADVANCED'
  startAt: number
  status: string
  currency: string
}

const selectBilled = ({ organizationId }: Ctx, accountIds: readonly string[]) =>
  selectRows(sql`
    select its.account_id as accountId, its.invoice_type as invoiceType, its.start_at as startAt, its.currency,
      iif(composite.status = 'VOID', 'VOID', its.status) as status
    from json_each(${JSON.stringify(accountIds)}) as sent
    cross join invoices as its on its.organization_id = ${organizationId} and its.account_id = sent.value
      and its.invoice_type in ('STANDARD', 'STANDARD_ADVANCED') and its.status <> 'GONE'
    left join invoices as composite on composite.id = its.merged_into
    order by its.invoice_type desc`)

const keyOf = (accountId: string, start: number): string => `${start} ${accountId}`

/** The times of cycles that are asked for: those that begin before `until` and meet `isWanted`, in milliseconds. */
export interface CyclesQuery {
  until: number
  isWanted: (start: number, end: number, accountId: string) => boolean
}

const begunCycles = (
  { account, active }: ReadTimeline,
  billed: ReadonlyMap<string, readonly BilledRow[]>,
  { until, isWanted }: CyclesQuery,
): Omit<BegunCycle, 'timings'>[] =>
  listCycles(active, dayOf(until - 1)).flatMap((inForce) => {
    const [start, end] = [instantOf(inForce.cycle.start), instantOf(inForce.cycle.end)]
    if (!isWanted(start, end, account.id)) return []
    const row = billed.get(keyOf(account.id, start))?.findLast(({ status }) => status !== 'DRAFT')
    const isFrozen = row?.invoiceType === 'STANDARD'
    return [
      {
        ...inForce,
        accountId: account.id,
        customerId: account.customerId,
        createdAt: account.createdAt,
        currency: row?.currency ?? account.invoiceCurrency,
        start,
        end,
        isFrozen,
      },
    ]
  })

/** Which invoices of a cycle count as revenue. */
const timingsOf = (rows: readonly BilledRow[], isDeferred: boolean): Timing[] => {
  const statusOf = (type: BilledRow['invoiceType']) => rows.find(({ invoiceType }) => invoiceType === type)?.status
  const [standard = 'DRAFT', advanced] = [statusOf('STANDARD'), statusOf('STANDARD_ADVANCED')]
  return [
    ...(standard === 'VOID' || (isDeferred && standard === 'DRAFT') ? [] : ['IN_ARREARS' as const]),
    ...(advanced === 'VOID' ? [] : ['IN_ADVANCE' as const]),
  ]
}

/** Reads the cycles of accounts that have begun, in the order of the accounts, the earliest first. */
export const readBegunCycles = async (ctx: Ctx, accountIds: readonly string[], query: CyclesQuery): Promise<FoundCycles> => {
  const all: Omit<BegunCycle, 'timings'>[] = []
  const billed = new Map<string, BilledRow[]>()
  const until = Math.min(query.until, ctx.now + 1)
  for (let index = 0; index < accountIds.length; index += ACCOUNTS_AT_ONCE) {
    const ids = accountIds.slice(index, index + ACCOUNTS_AT_ONCE)
    const results = await ctx.session.batch([...selectTimelines(ctx.organizationId, ids), selectBilled(ctx, ids)])
    for (const row of (results[2]?.results ?? []) as BilledRow[]) {
      const key = keyOf(row.accountId, row.startAt)
      billed.set(key, [...(billed.get(key) ?? []), row])
    }
    const timelines = readTimelineRowsOfMany(results)
    for (const id of ids) {
      const timeline = timelines.get(id)
      if (timeline) all.push(...begunCycles(timeline, billed, { ...query, until }))
    }
  }
  const pieces = all.map(({ piece }) => piece)
  const parts: PieceParts = all.length
    ? readPieceParts(await ctx.session.batch(selectPartsOfList(ctx, pieces)))
    : { versions: new Map(), overrides: new Map(), items: [] }
  const cycles = all.map((one): BegunCycle => {
    const version = parts.versions.get(`${one.piece.pricePlanId} ${one.piece.version}`)
    const rows = billed.get(keyOf(one.accountId, one.start)) ?? []
    return { ...one, timings: timingsOf(rows, version?.deferredRevenue ?? false) }
  })
  return { cycles, parts }
}
