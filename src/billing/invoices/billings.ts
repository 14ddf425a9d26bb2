import { sql } from 'drizzle-orm'
import { type ReadTimeline, cycleOn, readTimelineRowsOfMany, selectTimelines } from '../../catalogue/schedules/service.ts'
import type { Statement } from '../../db/client.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import { dayOf } from '../../rating/cycle.ts'
import { readCreditsInUse, selectCreditsInUse } from '../credits/queries.ts'
import type { CreditRow } from '../credits/table.ts'
import { type CycleOrder, readCycleOrders, selectCycleOrders } from '../purchases/cycle_orders.ts'
import { type Purse, readPurses, selectPurses } from '../wallets/service.ts'
import { type LastCharge, readAdvanceCharges, selectAdvanceCharges } from './charged.ts'
import { type HeldCharges, readHeldCharges, selectHeldCharges } from './held_charges.ts'
import { type InvoiceOwner, readAccountOwners, selectAccountOwners } from './owner.ts'
import { readInvoiceRows, selectDraftsOf, selectWrittenDraftsOf } from './queries.ts'
import type { InvoiceRow } from './show.ts'

/** What the bills of an account rest on. */
export interface Billing {
  timeline: ReadTimeline
  owner: InvoiceOwner
  /** Its wallet, which pays for invoices as they fall due. */
  purse: Purse
  drafts: readonly InvoiceRow[]
  /** The DRAFTs that people have written and that could have fallen due. */
  written: readonly InvoiceRow[]
  credits: readonly CreditRow[]
  /** The first instants of the cycles that have an invoice. */
  known: ReadonlySet<number>
  /** Those of the cycles that were billed when they began, or bought before. */
  advanced: ReadonlySet<number>
  /** The cycles that are not over and whose invoices were made void, as they were then: their first instants, and their ends. */
  voided: readonly [start: number, end: number][]
  /** What was charged last in advance in cycles that can still change. */
  charges: readonly LastCharge[]
  /** What is ordered of its cycles, or was bought of them. */
  orders: readonly CycleOrder[]
  /** The charges of people that wait for its next DRAFT, and how often they have changed. */
  held: HeldCharges
  heldVersion: number
  /** How often something changed that this rests on. */
  version: number
}

/** What the bills of all accounts rest on. */
export interface Billings {
  accounts: ReadonlyMap<string, Billing>
  generations: readonly KindedGeneration[]
  /** Whether invoices fall due by themselves. */
  advances: boolean
}

/** An account, and how often something changed that its bills rest on. */
export type BillingVersion = [accountId: string, version: number]

const billingVersions = prepare(['organizationId', 'listed'], (at) =>
  selectRows(sql`
    select account_id as accountId, version from account_billing
    where organization_id = ${at.organizationId} and account_id in (select value from json_each(${at.listed}))`),
)

/** The query for how often something changed that the bills of accounts rest on; and what it gives, for each of them. */
export const selectBillingVersions = ({ organizationId }: Pick<Ctx, 'organizationId'>, accountIds: readonly string[]): Statement =>
  billingVersions({ organizationId, listed: JSON.stringify(accountIds) })
export const readBillingVersions = (rows: readonly unknown[] | undefined, accountIds: readonly string[]): BillingVersion[] => {
  const versions = new Map(((rows ?? []) as { accountId: string; version: number }[]).map(({ accountId, version }) => [accountId, version]))
  return accountIds.map((id) => [id, versions.get(id) ?? 0])
}

/** The statement that refuses the commit if what the bills of accounts rest on is not what it was. */
export const holdVersions = ({ organizationId }: Ctx, versions: readonly BillingVersion[]) => {
  const sent = JSON.stringify(versions)
  return refuseWhen(
    'STALE',
    sql`
      select '[]' from json_each(${sent}) as sent
      where coalesce((
        select version from account_billing where organization_id = ${organizationId} and account_id = sent.value ->> 0
      ), 0) <> sent.value ->> 1`,
  )
}

/** Reads what the bills of accounts rest on, as of `ctx.now`. Accounts that do not exist are left out. */
export const readBillings = async (ctx: Ctx, accountIds: readonly string[]): Promise<Billings> => {
  const { organizationId } = ctx
  const listed = JSON.stringify(accountIds)
  const all = await ctx.session.batch([
    ...selectTimelines(organizationId, accountIds),
    selectDraftsOf({ organizationId, listed }),
    selectRows(sql`
      select account_id as accountId, invoice_type as invoiceType, start_at as startAt,
        iif(status = 'VOID' and invoice_type = 'STANDARD' and end_at > ${ctx.now}, end_at, null) as voidUntil
      from invoices
      where organization_id = ${organizationId} and account_id in (select value from json_each(${listed}))
        and invoice_type in ('STANDARD', 'STANDARD_ADVANCED') and status <> 'GONE'`),
    selectBillingVersions(ctx, accountIds),
    selectGenerations(organizationId),
    selectRows(sql`
      select 1 from settings
      where organization_id = ${organizationId} and entity_type = 'ORGANIZATION' and entity_id = ${organizationId} and namespace = 'SYSTEM'
        and id = 'auto_advance_invoice' and value = 'false'`),
    selectAccountOwners(ctx, accountIds),
    selectAdvanceCharges(ctx, listed),
    selectHeldCharges(organizationId, accountIds),
    selectCreditsInUse(ctx, accountIds),
    selectWrittenDraftsOf({ organizationId, listed, now: ctx.now }),
    selectPurses(ctx, accountIds),
    selectCycleOrders(organizationId, accountIds),
  ])
  const timelines = readTimelineRowsOfMany(all)
  const [cycles, begun, version, generations, manual, holder, charged, hold, credit, custom, wallet, order] = all
    .slice(2)
    .map(({ results }) => results)
  const owners = readAccountOwners(holder)
  const drafts = Map.groupBy(readInvoiceRows((cycles ?? []) as Record<string, unknown>[]), ({ ownerId }) => ownerId)
  const known = Map.groupBy(
    (begun ?? []) as { accountId: string; invoiceType: string; startAt: number; voidUntil: number | null }[],
    ({ accountId }) => accountId,
  )
  const versions = new Map(readBillingVersions(version, accountIds))
  const charges = Map.groupBy(readAdvanceCharges(charged), ({ accountId }) => accountId)
  const purses = readPurses(ctx, wallet)
  const orders = readCycleOrders(order)
  const allHeld = readHeldCharges(hold)
  const credits = readCreditsInUse(credit)
  const written = Map.groupBy(readInvoiceRows((custom ?? []) as Record<string, unknown>[]), ({ ownerId }) => ownerId)
  const accounts = [...timelines].flatMap(([id, timeline]): [string, Billing][] => {
    const [owner, purse] = [owners.get(id), purses.get(id)]
    if (!owner || !purse) return []
    const startsOf = (type: string) =>
      new Set((known.get(id) ?? []).flatMap(({ invoiceType, startAt }) => (invoiceType === type ? [startAt] : [])))
    const { items: held = [], version: heldVersion = 0 } = allHeld.get(id) ?? {}
    const its = {
      timeline,
      owner,
      purse,
      held,
      heldVersion,
      drafts: drafts.get(id) ?? [],
      written: written.get(id) ?? [],
      credits: credits.get(id) ?? [],
      charges: charges.get(id) ?? [],
      orders: orders.get(id) ?? [],
      version: versions.get(id) ?? 0,
      voided: (known.get(id) ?? []).flatMap(({ startAt, voidUntil }): [number, number][] =>
        voidUntil === null ? [] : [[startAt, voidUntil]],
      ),
    }
    /** A cycle that was bought is charged for as long as it has the plan that was bought: another one that takes it over is charged for it as any other. */
    const bought = its.orders.flatMap(({ type, cycleAt, scheduleId }) =>
      type === 'ASSOCIATION' && cycleOn(timeline.active, dayOf(cycleAt))?.piece.id === scheduleId ? [cycleAt] : [],
    )
    return [[id, { ...its, known: startsOf('STANDARD'), advanced: startsOf('STANDARD_ADVANCED').union(new Set(bought)) }]]
  })
  return {
    accounts: new Map(accounts),
    generations: (generations ?? []) as KindedGeneration[],
    advances: !manual?.length,
  }
}
