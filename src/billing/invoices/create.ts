import { retryWhenStale } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError, archived } from '../../lib/errors.ts'
import { fingerprintOf, hasFingerprint } from '../../lib/hash.ts'
import { settleMoneyDue } from '../money_due.ts'
import { rateDraft } from './drafts.ts'
import { draftFalling } from './falling.ts'
import { rateLines } from './lines.ts'
import { readLive } from './live.ts'
import { readAccountOwner, readGroupOwner } from './owner.ts'
import { linkPaper, tagOfShown } from './paper_link.ts'
import { findInvoiceOfKey, tagOfInvoice } from './queries.ts'
import type { CreateCustomInvoiceRequest, Invoice } from './schema.ts'
import { dueOf, insertInvoices, newDraft, recordInvoice, showFallenDue } from './settle.ts'
import { showInvoice } from './show.ts'
import { refuseFuture, refusePeriod } from './status.ts'

/** What two invoices with one key must have in common. */
const contentOf = ({ idempotencyKey: _key, ...content }: CreateCustomInvoiceRequest) => content

/** Creates an invoice of lines that a person has written: as a DRAFT, or due or paid at once. */
export const createCustomInvoice = async (ctx: Ctx, input: CreateCustomInvoiceRequest): Promise<Reply<Invoice>> => {
  const { accountId: ownerId, ownerType = 'ACCOUNT', startDate: startAt, endDate: endAt, idempotencyKey = null, status, lineItems } = input
  const fingerprint = idempotencyKey === null ? null : await fingerprintOf(contentOf(input))
  return retryWhenStale(async () => {
    const kept = idempotencyKey === null ? undefined : await findInvoiceOfKey(ctx, idempotencyKey)
    if (kept && !(await hasFingerprint(contentOf(input), kept.fingerprint)))
      throw new ApiError('UNPROCESSABLE', 'idempotencyKey: was used for another invoice. Take a new key.')
    if (kept?.status === 'GONE')
      throw new ApiError('CONFLICT', 'idempotencyKey: the invoice that was made with it has been deleted. Take a new key.')
    if (kept) {
      const { row, owner } = await readLive(ctx, kept)
      return { answer: { ...showInvoice(row, owner), ...(await linkPaper(ctx, row)) }, tag: await tagOfShown(ctx, row, owner) }
    }
    const isDraft = status === 'DRAFT' && !(input.autoAdvance === true && endAt <= ctx.now)
    if (!isDraft) await settleMoneyDue(ctx, [ownerId])
    const owner = await (ownerType === 'ACCOUNT' ? readAccountOwner(ctx, ownerId) : readGroupOwner(ctx, ownerId))
    if (owner.isArchived) throw archived(ownerType === 'ACCOUNT' ? 'account' : 'invoice group', ownerId)
    const period = { startAt, endAt, currency: owner.currency }
    refusePeriod(period)
    if (status !== 'DRAFT') refuseFuture(period, status, ctx.now)
    const written = newDraft(ctx, owner, {
      invoiceType: 'CUSTOM',
      ...period,
      invoiceAt: endAt,
      autoAdvance: input.autoAdvance ?? false,
      ...rateLines({ written: lineItems }, period),
      appliesCredits: input.applyCredits ?? true,
      appliesWallet: input.applyWalletBalance ?? true,
      idempotencyKey,
      fingerprint,
    })
    if (isDraft) {
      const { row } = await rateDraft(ctx, written)
      return commit(ctx, {
        statements: [insertInvoices([row])],
        changes: recordInvoice(undefined, row),
        answer: showInvoice(row, owner),
        tag: await tagOfInvoice(row, owner),
        due: dueOf(row),
      })
    }
    const { fallen, ...draft } = await draftFalling(ctx, undefined, written, {
      isPaid: status === 'PAID',
      write: (row) => insertInvoices([row]),
    })
    return commit(ctx, { ...draft, ...(await showFallenDue(ctx, fallen)), tag: await tagOfShown(ctx, fallen.row, undefined) })
  })
}
