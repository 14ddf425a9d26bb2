import { sql } from 'drizzle-orm'
import { readPieceParts, selectPartsOfList } from '../../catalogue/schedules/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type Evidence, accountKey, askAll, askEvents, eventLedgersIn, meterSeries } from '../../ledger/client.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { formatDecimal, jsonNumber, sumDecimals } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import { chargeAdvance, chargeArrears } from '../../rating/invoice.ts'
import { type Card, timingOf } from '../../rating/card.ts'
import { instantOf } from '../../rating/cycle.ts'
import { typeOfCardLine } from '../../rating/line.ts'
import { decimalOf } from '../../rating/quotient.ts'
import {
  type InvoiceRow,
  billedOfBasis,
  inputOf,
  ratedPlanOf,
  readChargesOfInvoices,
  readInvoiceNow,
  readQuotient,
} from '../invoices/service.ts'
import type { Basis, InvoiceStatus } from '../invoices/table.ts'
import { readGenerations } from '../revenue_calculator/lookup.ts'
import { type Explained, type ExplainedLine, explainLine } from './explain.ts'
import type { ExplainedLineItem, InvoiceExplanation } from './schema.ts'

/** The events behind the usage of a cycle, by the ids of its meters. */
const readEvents = async (ctx: Ctx, accountId: string, { cycle, usage }: Basis): Promise<Map<string, ExplainedLineItem['events']>> => {
  const meterIds = Object.keys(usage)
  if (!meterIds.length) return new Map()
  const [start, end] = [instantOf(cycle.start), instantOf(cycle.end)]
  const [generations, schemas] = await Promise.all([
    readGenerations(ctx),
    ctx.session.rows<{ id: string; schema: string | null }>(
      selectRows(sql`
        select id, event_schema_name as schema from usage_meters
        where organization_id = ${ctx.organizationId} and id in (select value from json_each(${JSON.stringify(meterIds)}))`),
    ),
  ])
  const all = await askAll(eventLedgersIn(ctx, generations, start, end), (name) =>
    askEvents(ctx, name, (ledger) =>
      ledger.readEvidence([{ account: accountKey(accountId), series: meterIds.map(meterSeries), from: start, until: end }]),
    ),
  )
  const found = Map.groupBy(all.flat(2), ([series]) => series)
  return new Map(
    meterIds.map((id) => {
      const its: Evidence[] = found.get(meterSeries(id)) ?? []
      const schema = schemas.find((one) => one.id === id)?.schema
      const query = new URLSearchParams({
        account_id: accountId,
        ...(schema && { schema_name: schema }),
        status: 'INGESTION_COMPLETED_EVENT_METERED',
        start_time: iso(start),
        end_time: iso(end),
      })
      return [
        id,
        {
          count: its.reduce((sum, [, , count]) => sum + count, 0),
          ...(its.length && {
            firstEventAt: iso(Math.min(...its.map(([, , , first]) => first))),
            lastEventAt: iso(Math.max(...its.map(([, , , , last]) => last))),
          }),
          units: sumDecimals(its.map(([, units]) => units)),
          ...(schema && { list: `/events?${query.toString()}` }),
        },
      ]
    }),
  )
}

type Events = ReadonlyMap<string, ExplainedLineItem['events']>

const showLine = (
  { line, arithmetic, card, timing, proration, rule, lines }: ExplainedLine,
  basis: Basis | null,
  events: Events,
): ExplainedLineItem => ({
  ...(line.id !== undefined && { id: line.id }),
  type: line.type,
  description: line.description,
  value: line.value,
  ...(line.quantity !== undefined && { quantity: line.quantity }),
  arithmetic,
  ...(card &&
    basis && {
      rateCard: {
        name: card.name,
        type: card.type,
        invoiceTiming: timing ?? timingOf(card),
        pricePlanId: basis.plan.id,
        version: basis.plan.version,
      },
    }),
  ...(proration && { proration }),
  ...(rule && {
    pricingRule: {
      id: rule.rule.id,
      name: rule.rule.name,
      ...(rule.rule.condition !== undefined && { condition: rule.rule.condition }),
      computation: rule.rule.computation,
      variables: { ...rule.variables },
    },
  }),
  ...(card?.type === 'USAGE' && events.has(card.billableId) && { events: events.get(card.billableId) }),
  ...(lines.length && { lineItems: lines.map((one) => showLine(one, basis, events)) }),
})

const writeTotal = (total: string): string => formatDecimal(decimalOf(readQuotient(total)))

/** Writes into the lines of changes within a cycle what their cards had cost before and since. */
const explainChanges = async (ctx: Ctx, row: InvoiceRow, explained: ExplainedLine, cards: readonly Card[]): Promise<ExplainedLine> => {
  const charges = (await readChargesOfInvoices(ctx, [row.id])).get(row.id) ?? []
  const visit = (one: ExplainedLine): ExplainedLine => {
    const charge = charges.find(({ billableId }) => billableId === one.line.id)
    if (!charge) return { ...one, lines: one.lines.map(visit) }
    const { total, before, quantity, quantityBefore } = charge
    const counted = quantity === null ? '' : `, with ${quantity} after ${quantityBefore ?? '0'}`
    const card = cards.find(({ billableId, type }) => billableId === one.line.id && one.line.type === typeOfCardLine(type, 'IN_ADVANCE'))
    return {
      ...one,
      ...(card && { card }),
      arithmetic: `the cycle costs ${writeTotal(total)} by what was known then${counted}, and ${writeTotal(before)} before that: ${one.line.value}`,
    }
  }
  return visit(explained)
}

/** Says of each line of an invoice how it came to its value. A DRAFT is reckoned now. */
export const explainInvoice = async (ctx: Ctx, id: string): Promise<Reply<InvoiceExplanation>> => {
  const { row, owner } = await readInvoiceNow(ctx, id)
  const { basis, currency } = row
  const digits = minorDigitsOf(currency)
  const details = owner?.details ?? row.details
  const parts =
    basis &&
    readPieceParts(
      await ctx.session.batch(
        selectPartsOfList(ctx, [{ pricePlanId: basis.plan.id, version: basis.plan.version, overrideId: basis.plan.overrideId }]),
      ),
    )
  const billed = parts ? billedOfBasis(basis, { currency, details }, parts) : undefined
  const isArrears = row.invoiceType === 'STANDARD'
  const plan = billed && ratedPlanOf(billed)
  const input = billed && inputOf(billed)
  const explained: Explained = {
    digits,
    cards: row.invoiceType === 'ADHOC_ADVANCED' ? [] : (plan?.cards ?? []),
    input,
    charges: row.rated.charges ?? [],
    credits: row.rated.credits ?? [],
    logs: plan && input ? (isArrears ? chargeArrears : chargeAdvance)(plan, input, digits).logs : [],
  }
  const lines = explainLine(row.rated.root, explained)
  const [whole, events] = await Promise.all([
    row.invoiceType === 'ADHOC_ADVANCED' ? explainChanges(ctx, row, lines, plan?.cards ?? []) : lines,
    basis && isArrears && row.accountId !== null ? readEvents(ctx, row.accountId, basis) : new Map<string, ExplainedLineItem['events']>(),
  ])
  return {
    answer: {
      invoiceId: row.id,
      invoiceType: row.invoiceType,
      status: row.status as InvoiceStatus,
      currency,
      totalAmount: jsonNumber(row.total),
      ...(basis &&
        billed && {
          reckonedAt: iso(basis.at),
          pricePlan: {
            id: basis.plan.id,
            name: billed.planName,
            version: basis.plan.version,
            isOverridden: basis.plan.overrideId !== null,
          },
          cycle: {
            number: basis.cycle.ordinal,
            startDate: iso(instantOf(basis.cycle.start)),
            endDate: iso(instantOf(basis.cycle.end)),
            days: basis.cycle.end - basis.cycle.start,
            ofDays: basis.cycle.nominalEnd - basis.cycle.nominalStart,
          },
        }),
      grandTotal: showLine(whole, basis, events),
    },
  }
}
