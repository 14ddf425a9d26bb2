import { sql } from 'drizzle-orm'
import { retryWhenStale } from '../../db/change.ts'
import type { Statement } from '../../db/client.ts'
import { type Reply, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError, archived } from '../../lib/errors.ts'
import { fingerprintOf, hasFingerprint } from '../../lib/hash.ts'
import { iso } from '../../lib/time.ts'
import { type InvoiceOwner, readAccountOwner } from '../invoices/owner.ts'
import { settleMoneyDue } from '../money_due.ts'
import { type Asked, readOffer } from './offer.ts'
import { type BegunPurchase, findPurchaseOfKey } from './queries.ts'
import type { CreatePurchaseRequest, Purchase } from './schema.ts'
import { showPurchase } from './show.ts'
import type { PurchaseRow } from './table.ts'
import { draftOrder, dueOfPurchase, insertPurchases, newPurchase, recordPurchase } from './write.ts'

/** What two requests with one key must have in common. */
const contentOf = ({ idempotencyKey: _key, ...content }: Asked) => content

/** The key of a request, with the fingerprint of its content. */
export const keyOf = async (asked: Asked): Promise<Pick<PurchaseRow, 'idempotencyKey' | 'fingerprint'>> => {
  const { idempotencyKey = null } = asked
  return { idempotencyKey, fingerprint: idempotencyKey === null ? null : await fingerprintOf(contentOf(asked)) }
}

/** Finds what was made with the key of a request. Throws UNPROCESSABLE if that was another one. */
export const findMade = async (ctx: Ctx, accountId: string, asked: Asked, isProposal: boolean): Promise<PurchaseRow | undefined> => {
  const { idempotencyKey } = asked
  const kept = idempotencyKey === undefined ? undefined : await findPurchaseOfKey(ctx, accountId, idempotencyKey, isProposal)
  if (kept && !(await hasFingerprint(contentOf(asked), kept.fingerprint)))
    throw new ApiError('UNPROCESSABLE', `idempotencyKey: was used for another ${isProposal ? 'proposal' : 'purchase'}. Take a new key.`)
  return kept
}

/** Reads an account that is to buy something, after what was due for its money. Throws NOT_FOUND or CONFLICT. */
export const readBuyer = async (ctx: Ctx, accountId: string): Promise<InvoiceOwner> => {
  await settleMoneyDue(ctx, [accountId])
  const owner = await readAccountOwner(ctx, accountId)
  if (owner.isArchived) throw archived('account', accountId)
  return owner
}

/** The statement that refuses a write as stale if its account is archived, or has another currency now. */
export const holdBuyer = ({ organizationId }: Pick<Ctx, 'organizationId'>, { id, currency }: InvoiceOwner): Statement =>
  refuseWhen(
    'STALE',
    sql`
      select '[]' from accounts where organization_id = ${organizationId} and id = ${id}
        and (status = 'ARCHIVED' or invoice_currency <> ${currency})`,
  )

export const refusePast = ({ now }: Ctx, { expiryDate }: Asked): void => {
  if (expiryDate !== undefined && expiryDate <= now) throw new ApiError('INVALID', `expiryDate: must be after now, which is ${iso(now)}`)
}

/** Buys something for an account: its order falls due at once, and what is bought is done when that has been paid in full. */
export const createPurchase = async (ctx: Ctx, accountId: string, input: CreatePurchaseRequest): Promise<Reply<Purchase>> => {
  const key = await keyOf(input)
  return retryWhenStale(async () => {
    const kept = await findMade(ctx, accountId, input, false)
    if (kept) return { answer: showPurchase(kept as BegunPurchase) }
    const owner = await readBuyer(ctx, accountId)
    refusePast(ctx, input)
    const offer = await readOffer(ctx, owner, input)
    const draft = newPurchase(ctx, owner, offer, { request: input, expiresAt: input.expiryDate ?? null, ...key })
    const { invoiceId, status, ...order } = await draftOrder(ctx, owner, draft)
    const row = { ...draft, invoiceId, status } as BegunPurchase
    return commit(ctx, {
      statements: [holdBuyer(ctx, owner), ...order.statements, insertPurchases([row])],
      changes: [...order.changes, recordPurchase(undefined, row)],
      answer: showPurchase(row),
      due: dueOfPurchase(ctx, row),
    })
  })
}
