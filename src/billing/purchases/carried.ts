import { sql } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'

/**
 * Drafts that purchases have succeeded whose credits of features have all been carried into the ledger of their account. Its statements come
 * after those that say that they are carried; all entries of a purchase are of one account, and are carried together.
 */
export const draftCarriedPurchases = async (
  { organizationId, now, session }: Ctx,
  purchaseIds: readonly string[],
): Promise<Pick<Draft<object>, 'statements' | 'changes'>> => {
  if (!purchaseIds.length) return { statements: [], changes: [] }
  const sent = JSON.stringify([...new Set(purchaseIds)])
  const rows = await session.rows<{ id: string }>(
    selectRows(sql`
      select id from purchases
      where organization_id = ${organizationId} and id in (select value from json_each(${sent})) and status = 'IN_PROGRESS'
        and applied_at is not null`),
  )
  if (!rows.length) return { statements: [], changes: [] }
  return {
    statements: [
      selectRows(sql`
        update purchases set status = 'SUCCESS', updated_at = ${now}, version = version + 1
        where organization_id = ${organizationId} and id in (select value from json_each(${JSON.stringify(rows.map(({ id }) => id))}))
          and status = 'IN_PROGRESS' and not exists (
            select 1 from feature_entries as its
            where its.organization_id = ${organizationId} and its.purchase_id = purchases.id and its.carried < its.version
          )`),
    ],
    changes: rows.map(({ id }) => ({ type: 'PURCHASE', id, fields: { status: ['IN_PROGRESS', 'SUCCESS'] } })),
  }
}
