import { sql } from 'drizzle-orm'
import { readPieceParts, selectPartsOfList } from '../../catalogue/schedules/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type Evidence, accountKey, askAll, askEvents, eventLedgersIn, meterSeries } from '../../ledger/client.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { instantOf } from '../../rating/cycle.ts'
import { type LicenseEntry, foldLicenseEntries } from '../../rating/licenses.ts'
import { type DebitRow, selectDebits } from '../credits/queries.ts'
import { readOverage, sumOverage } from '../feature_credits/overage.ts'
import { type InvoiceRow, billedOfBasis, listFrozenInvoices, readChargesOfInvoices, readMergedTotals } from '../invoices/service.ts'
import type { InvoiceStatus } from '../invoices/table.ts'
import { cutChanges } from '../revenue_calculator/licenses.ts'
import { readGenerations } from '../revenue_calculator/lookup.ts'
import {
  type KnownChanges,
  findCreditDifferences,
  findLicenseDifferences,
  findMergerDifferences,
  findOverageDifferences,
  findRatingDifferences,
  findUsageDifferences,
} from './differences.ts'
import type { VerifyInvoicesQuery, VerifyInvoicesResponse } from './schema.ts'

type Reckoned = InvoiceRow & { basis: NonNullable<InvoiceRow['basis']>; accountId: string }

const isReckoned = (row: InvoiceRow): row is Reckoned => row.basis !== null && row.accountId !== null

const timeOf = ({ basis: { cycle } }: Reckoned) => ({ start: instantOf(cycle.start), end: instantOf(cycle.end) })

/** What the events of the usage meters of invoices add up to, for each invoice. */
const readSums = async (ctx: Ctx, rows: readonly Reckoned[]): Promise<Map<Reckoned, Evidence[]>> => {
  const asked = rows.filter(({ basis }) => Object.keys(basis.usage).length)
  if (!asked.length) return new Map()
  const generations = await readGenerations(ctx)
  const times = asked.map(timeOf)
  const [first, last] = [Math.min(...times.map(({ start }) => start)), Math.max(...times.map(({ end }) => end))]
  const queries = asked.map((row, index) => ({
    account: accountKey(row.accountId),
    series: Object.keys(row.basis.usage).map(meterSeries),
    from: times[index]?.start ?? 0,
    until: times[index]?.end ?? 0,
  }))
  const all = await askAll(eventLedgersIn(ctx, generations, first, last), (name) =>
    askEvents(ctx, name, (ledger) => ledger.readEvidence(queries)),
  )
  return new Map(asked.map((row, index) => [row, all.flatMap((one) => one[index] ?? [])]))
}

interface EntryRow extends LicenseEntry {
  invoice: number
  licenseId: string
  position: number
}

/**
 * What entries of a licence may have been known at an instant: as many as had been made, of invoices that say that; of others those that were
 * made before it, and of those that were made at that very instant the first ones, or none.
 */
const knownAt = (all: readonly EntryRow[], at: number, made: number | undefined): EntryRow[][] => {
  if (made !== undefined) return [all.filter(({ position }) => position < made)]
  const entries = all.filter(({ createdAt }) => createdAt <= at)
  const same = entries.filter(({ createdAt }) => createdAt === at).map(({ position }) => position)
  return [Number.POSITIVE_INFINITY, ...same].map((end) => entries.filter(({ createdAt, position }) => createdAt < at || position < end))
}

/** The numbers of licences of invoices, by the entries that had been made when they were reckoned, for each invoice by the ids of add-ons. */
const readLicenses = async (ctx: Ctx, rows: readonly Reckoned[]): Promise<Map<Reckoned, Map<string, KnownChanges[]>>> => {
  const sent = rows.flatMap((row, index) =>
    Object.entries(row.basis.licenses).flatMap(([id, its]) => ('changes' in its ? [[index, row.accountId, id, timeOf(row).end]] : [])),
  )
  const entries = sent.length
    ? await ctx.session.rows<EntryRow>(
        selectRows(sql`
          select sent.value ->> 0 as invoice, its.license_id as licenseId, its.effective_from as at, its.created_at as createdAt,
            its.update_type as mode, its.quantity, its.position
          from json_each(${JSON.stringify(sent)}) as sent cross join license_updates as its on its.organization_id = ${ctx.organizationId}
            and its.account_id = sent.value ->> 1 and its.license_id = sent.value ->> 2
            and its.effective_from < sent.value ->> 3
          order by invoice, its.license_id, its.effective_from, its.position`),
      )
    : []
  return new Map(
    rows.map((row, index) => {
      const own = Map.groupBy(
        entries.filter(({ invoice }) => invoice === index),
        ({ licenseId }) => licenseId,
      )
      const changes = Object.entries(row.basis.licenses).map(([id, its]): [string, KnownChanges[]] => [
        id,
        knownAt(own.get(id) ?? [], row.basis.at, 'changes' in its ? its.entries : undefined).map((known) =>
          cutChanges(id, foldLicenseEntries(known.map((entry) => ({ ...entry, createdAt: entry.position }))), timeOf(row))
            .filter(({ at }) => at <= row.basis.at)
            .map(({ at, quantity }) => ({ at, quantity })),
        ),
      ])
      return [row, new Map(changes)]
    }),
  )
}

/** The overage of features that invoices were reckoned with, as it is now, for each invoice by the ids of the features. */
const readOverageNow = async (ctx: Ctx, rows: readonly Reckoned[]): Promise<Map<Reckoned, Record<string, string>>> => {
  const asked = rows.filter(({ basis }) => Object.keys(basis.overage ?? {}).length)
  if (!asked.length) return new Map()
  const [generations, accounts] = await Promise.all([
    readGenerations(ctx),
    ctx.session.rows<{ id: string; createdAt: number }>(
      selectRows(sql`
        select id, created_at as createdAt from accounts
        where organization_id = ${ctx.organizationId} and id in (select value from json_each(${JSON.stringify(asked.map((row) => row.accountId))}))`),
    ),
  ])
  const madeAt = new Map(accounts.map(({ id, createdAt }) => [id, createdAt]))
  const found = await readOverage(
    ctx,
    generations,
    asked.map((row) => ({
      accountId: row.accountId,
      createdAt: madeAt.get(row.accountId) ?? 0,
      overage: Object.entries(row.basis.overage ?? {}).map(([featureId, { from }]) => ({ featureId, from, until: timeOf(row).end })),
    })),
  )
  return new Map(asked.map((row, index) => [row, sumOverage(found[index] ?? [])]))
}

/** Reckons invoices that fell due again, page by page, and says of each what is not as it was. */
export const verifyInvoices = async (ctx: Ctx, query: VerifyInvoicesQuery): Promise<Reply<VerifyInvoicesResponse>> => {
  const { rows, next } = await listFrozenInvoices(ctx, query)
  const reckoned = rows.flatMap((row): Reckoned[] => (isReckoned(row) ? [row] : []))
  const keys = reckoned.map(({ basis: { plan } }) => ({ pricePlanId: plan.id, version: plan.version, overrideId: plan.overrideId }))
  const [parts, sums, licenses, charges, merged, debits, overage] = await Promise.all([
    keys.length ? ctx.session.batch(selectPartsOfList(ctx, keys)).then(readPieceParts) : undefined,
    readSums(
      ctx,
      reckoned.filter(({ invoiceType }) => invoiceType === 'STANDARD'),
    ),
    readLicenses(ctx, reckoned),
    readChargesOfInvoices(
      ctx,
      rows.flatMap(({ id, invoiceType }) => (invoiceType === 'ADHOC_ADVANCED' ? [id] : [])),
    ),
    readMergedTotals(
      ctx,
      rows.flatMap(({ id, invoiceType }) => (invoiceType === 'COMPOSITE' ? [id] : [])),
    ),
    ctx.session
      .rows<DebitRow>(
        selectDebits(
          ctx,
          rows.map(({ id }) => id),
        ),
      )
      .then((all) => Map.groupBy(all, ({ invoiceId }) => invoiceId)),
    readOverageNow(
      ctx,
      reckoned.filter(({ invoiceType }) => invoiceType === 'STANDARD'),
    ),
  ])
  const data = rows.map((row) => {
    const billed = isReckoned(row) && parts ? billedOfBasis(row.basis, row, parts) : undefined
    const differences = [
      ...(isReckoned(row) ? findUsageDifferences(row.basis, sums.get(row)) : []),
      ...(isReckoned(row) ? findLicenseDifferences(row.basis, licenses.get(row)) : []),
      ...(isReckoned(row) && overage.has(row) ? findOverageDifferences(row.basis, overage.get(row)) : []),
      ...findRatingDifferences(row, billed, charges.get(row.id) ?? []),
      ...findCreditDifferences(row, debits.get(row.id) ?? []),
      ...(row.invoiceType === 'COMPOSITE' ? findMergerDifferences(row, merged.get(row.id) ?? '0') : []),
    ]
    return {
      invoiceId: row.id,
      ...(row.sequenceId !== null && { sequenceId: row.sequenceId }),
      ownerId: row.ownerId,
      invoiceType: row.invoiceType,
      status: row.status as InvoiceStatus,
      totalAmount: jsonNumber(row.total),
      isReckoned: billed !== undefined || row.invoiceType === 'CUSTOM' || row.invoiceType === 'COMPOSITE',
      differences,
    }
  })
  return { answer: { data, ...next } }
}
