import { sql } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'

/** The kind of due work that does what was bought, or ends what has not been paid in time. Its subject is the id of the purchase. */
export const PURCHASE_DUE = 'PURCHASE'

type Write = Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>>

/** The id of the purchase that an invoice is the order of. */
export const purchaseOf = ({ metadata }: { metadata: Readonly<Record<string, unknown>> | null }): string => {
  const { purchaseId } = metadata ?? {}
  return typeof purchaseId === 'string' ? purchaseId : ''
}

/** Drafts that the order of a purchase has been paid in full, so that what was bought is done next. */
export const draftPaidPurchase = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, id: string): Write => ({
  statements: [
    selectRows(sql`
      update purchases set status = 'IN_PROGRESS', updated_at = ${now}, version = version + 1
      where organization_id = ${organizationId} and id = ${id} and status = 'PENDING'`),
  ],
  changes: [{ type: 'PURCHASE', id, fields: { status: ['PENDING', 'IN_PROGRESS'] } }],
  due: [{ kind: PURCHASE_DUE, subject: id, dueAt: now }],
})

/** Drafts that a purchase ends whose order is not to be paid any more. */
export const draftFailedPurchase = (
  { organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>,
  id: string,
  comment: string,
): Omit<Write, 'due'> => ({
  statements: [
    selectRows(sql`
      update purchases set status = 'FAILURE', comment = ${comment}, updated_at = ${now}, settled_at = ${now}, version = version + 1
      where organization_id = ${organizationId} and id = ${id} and status = 'PENDING'`),
    selectRows(sql`delete from due where organization_id = ${organizationId} and kind = ${PURCHASE_DUE} and subject = ${id}`),
  ],
  changes: [{ type: 'PURCHASE', id, fields: { status: ['PENDING', 'FAILURE'], comment: [null, comment] } }],
})
