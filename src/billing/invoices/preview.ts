import { type ReadPiece, cycleOn, definitionOf, readTimelinesInForce } from '../../catalogue/schedules/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { notFound, refuseFaults } from '../../lib/errors.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import { dayOf, instantOf, writeDay } from '../../rating/cycle.ts'
import { useOf } from '../revenue_calculator/licenses.ts'
import { readCounted, readGenerations, readNames, readUsage } from '../revenue_calculator/lookup.ts'
import { readAccountOwner } from './owner.ts'
import { type BilledCycle, type RatedInvoice, rateAdvance, rateArrears } from './rating.ts'
import type { InvoicePreview, InvoicePreviewResponse, PreviewQuery } from './schema.ts'
import { dueDateOf, showLine } from './show.ts'

/**
 * Answers what the invoices of the cycle that holds an instant would be: the one that is billed after it, and the one that is billed when it
 * begins if anything is. Usage and licences are those that are known now. Nothing is stored.
 */
export const previewInvoices = async (
  ctx: Ctx,
  accountId: string,
  { at = ctx.now }: PreviewQuery,
): Promise<Reply<InvoicePreviewResponse>> => {
  const [{ timelines, parts }, owner, generations] = await Promise.all([
    readTimelinesInForce(ctx, [accountId], { accountId, at }),
    readAccountOwner(ctx, accountId),
    readGenerations(ctx),
  ])
  const timeline = timelines.get(accountId)
  if (!timeline) throw notFound('account', accountId)
  const inForce = cycleOn(timeline.active, dayOf(at))
  if (!inForce) {
    const message = `no price plan is in force for the account "${accountId}" on ${writeDay(dayOf(at))}`
    refuseFaults('NOT_FOUND', [{ path: ['at'], message }])
    throw new Error(message)
  }
  const { piece, cycle, dueAt } = inForce
  const { planName } = piece as ReadPiece
  const { items } = parts
  const definition = definitionOf(piece, parts)
  const lookup = { accountId, start: instantOf(cycle.start), end: instantOf(cycle.end) }
  const idsOf = (family: string) => definition.cards.filter(({ type }) => type === family).map(({ billableId }) => billableId)
  const licenseIds = idsOf('LICENSE')
  const [usage, counted, named] = await Promise.all([
    readUsage(ctx, generations, lookup, idsOf('USAGE')),
    readCounted(ctx, lookup, licenseIds),
    licenseIds.length ? readNames(ctx, generations, lookup) : [],
  ])
  const typeOf = (id: string) => items.find((item) => item.id === id)?.type ?? undefined
  const billed: BilledCycle = {
    planName,
    definition,
    items,
    currency: owner.currency,
    cycle,
    schedule: { cycle: { interval: piece.cycle.interval, startOffset: piece.cycle.startOffset }, from: piece.from, until: piece.until },
    usage: Object.fromEntries(usage),
    licenses: Object.fromEntries(licenseIds.map((id) => [id, useOf({ counted, named }, id, typeOf(id))])),
  }
  const show = (invoiceType: InvoicePreview['invoiceType'], invoiceAt: number, { root, usage: lines }: RatedInvoice): InvoicePreview => ({
    customerId: owner.customerId ?? '',
    ownerId: accountId,
    pricePlanId: piece.pricePlanId,
    invoiceType,
    startDate: iso(lookup.start),
    endDate: iso(lookup.end),
    endDateInclusive: iso(lookup.end - 1),
    invoiceDate: iso(invoiceAt),
    dueDate: iso(dueDateOf(invoiceAt, owner.netTermDays)),
    netTermDays: owner.netTermDays,
    totalAmount: jsonNumber(root.value),
    invoiceDetails: { ...owner.details, pricePlanName: planName },
    usageInfo: lines.map((line) => showLine(line, 'USAGE_UNITS')),
    revenueInfo: showLine(root, billed.currency),
  })
  const advance = rateAdvance(billed)
  return {
    answer: {
      data: [show('STANDARD', dueAt, rateArrears(billed)), ...(advance ? [show('STANDARD_ADVANCED', lookup.start, advance)] : [])],
    },
  }
}
