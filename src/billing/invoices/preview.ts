import { type ReadPiece, cycleOn, readTimelinesInForce } from '../../catalogue/schedules/service.ts'
import { requireReadable } from '../../customers/accounts/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { notFound, refuseFaults } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import type { Credit } from '../../rating/credits.ts'
import { dayOf, instantOf, writeDay } from '../../rating/cycle.ts'
import { chargeOrder } from '../../rating/invoice.ts'
import { listGrants } from '../credits/grants.ts'
import { compareTurns, creditsLeft, holdFromPool, openPool } from '../credits/pool.ts'
import { readGenerations, readUsage } from '../revenue_calculator/lookup.ts'
import { readChargesOfCycle } from './charges.ts'
import { readDraftsWithCredits } from './drafts.ts'
import { rateOrder } from './orders.ts'
import { readAccountOwners, selectAccountOwners } from './owner.ts'
import { type RatedInvoice, inputOf, rateAdvance, rateArrears, ratedPlanOf } from './rating.ts'
import type { InvoicePreview, InvoicePreviewResponse, PreviewQuery } from './schema.ts'
import { type InvoiceRow, dueDateOf, showLine } from './show.ts'
import { readBilledCycle } from './usage.ts'

/**
 * Answers what the invoices of the cycle that holds an instant would be: the one that is billed after it, the one that is billed when it
 * begins, and the order of what is paid before it is granted, if there is any. Usage and licences are those that are known now. Nothing is stored.
 */
export const previewInvoices = async (
  ctx: Ctx,
  accountId: string,
  { at = ctx.now }: PreviewQuery,
): Promise<Reply<InvoicePreviewResponse>> => {
  const [{ timelines, parts }, owner, generations] = await Promise.all([
    readTimelinesInForce(ctx, [accountId], { accountId, at }),
    ctx.session.rows(selectAccountOwners(ctx, [accountId])).then((rows) => readAccountOwners(rows).get(accountId)),
    readGenerations(ctx),
  ])
  const timeline = timelines.get(accountId)
  requireReadable(ctx, timeline?.account, accountId)
  if (!timeline || !owner) throw notFound('account', accountId)
  const inForce = cycleOn(timeline.active, dayOf(at))
  if (!inForce) {
    const message = `no price plan is in force for the account "${accountId}" on ${writeDay(dayOf(at))}`
    refuseFaults('NOT_FOUND', [{ path: ['at'], message }])
    throw new Error(message)
  }
  const { piece, cycle, dueAt } = inForce
  const [start, end] = [instantOf(cycle.start), instantOf(cycle.end)]
  const cycleToRate = { inForce, parts, owner }
  const turnOf = (invoiceType: string, invoiceAt: number) => ({ id: '', invoiceType, invoiceAt, startAt: start })
  const last = turnOf('STANDARD', dueAt)
  /** Whether a DRAFT is of something else, and takes from the credits before the invoices of the cycle have all taken theirs. */
  const comesBefore = (draft: InvoiceRow): boolean =>
    (draft.invoiceType !== 'STANDARD' || draft.startAt !== start) && compareTurns(draft, last, ctx.now) < 0
  const [billed, charges, { credits, drafts: others }] = await Promise.all([
    readBilledCycle(ctx, generations, cycleToRate, (meterIds) => readUsage(ctx, generations, { accountId, start, end }, meterIds)),
    readChargesOfCycle(ctx, timeline, cycle.start),
    readDraftsWithCredits(ctx, accountId, comesBefore),
  ])
  const hasBegun = start <= ctx.now
  const pool = openPool([...credits, ...(hasBegun ? [] : listGrants(ctx, owner, cycleToRate))])
  /** What is left of the credits for an invoice of the cycle, when the DRAFTs before it have taken theirs. */
  const leftFor = (invoiceType: string, invoiceAt: number): Credit[] => {
    const turn = turnOf(invoiceType, invoiceAt)
    for (let [first] = others; first && compareTurns(first, turn, ctx.now) < 0; [first] = others) {
      others.shift()
      holdFromPool(pool, first.rated.root)
    }
    return creditsLeft(pool, owner.currency)
  }
  const show = (
    invoiceType: InvoicePreview['invoiceType'],
    invoiceAt: number,
    { root, usage }: Pick<RatedInvoice, 'root' | 'usage'>,
    until = end,
  ): InvoicePreview => ({
    customerId: owner.customerId ?? '',
    ownerId: accountId,
    pricePlanId: piece.pricePlanId,
    invoiceType,
    startDate: iso(start),
    endDate: iso(until),
    endDateInclusive: iso(Math.max(start, until - 1)),
    invoiceDate: iso(invoiceAt),
    dueDate: iso(dueDateOf(invoiceAt, owner.netTermDays)),
    netTermDays: owner.netTermDays,
    totalAmount: jsonNumber(root.value),
    invoiceDetails: { ...owner.details, pricePlanName: (piece as ReadPiece).planName },
    usageInfo: usage.map((line) => showLine(line, 'USAGE_UNITS')),
    revenueInfo: showLine(root, owner.currency),
  })
  const advance = rateAdvance(billed, leftFor('STANDARD_ADVANCED', start))
  if (advance && !hasBegun) holdFromPool(pool, advance.root)
  const order = chargeOrder(ratedPlanOf(billed), inputOf(billed), minorDigitsOf(owner.currency), ['PREPAID']).lines
  const ordered = rateOrder(order, { startAt: start, endAt: start, currency: owner.currency }, leftFor('AD_HOC', start)).rated
  if (!hasBegun) holdFromPool(pool, ordered.root)
  const arrears = rateArrears(billed, charges, leftFor('STANDARD', dueAt))
  return {
    answer: {
      data: [
        show('STANDARD', dueAt, arrears),
        ...(advance ? [show('STANDARD_ADVANCED', start, advance)] : []),
        ...(order.length ? [show('AD_HOC', start, ordered, start)] : []),
      ],
    },
  }
}
