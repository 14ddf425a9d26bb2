import { sql } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import type { FeatureEntryRow } from '../feature_credits/table.ts'

/**
 * Drafts that purchases have succeeded of which the last credits of features have now been carried into the ledger of their account. It is
 * STALE if another run has said so.
 */
export const draftCarriedPurchases = async (
  { organizationId, now, session }: Ctx,
  carried: readonly FeatureEntryRow[],
): Promise<Pick<Draft<object>, 'statements' | 'changes'>> => {
  const bought = carried.flatMap(({ purchaseId, featureId, id }) => (purchaseId === null ? [] : [[purchaseId, featureId, id]]))
  if (!bought.length) return { statements: [], changes: [] }
  const rows = await session.rows<{ id: string; version: number }>(
    selectRows(sql`
      with sent as materialized (
        select value ->> 0 as purchase_id, value ->> 1 as feature_id, value ->> 2 as id from json_each(${JSON.stringify(bought)})
      )
      select its.id, its.version from (select distinct purchase_id from sent) as one cross join purchases as its
      where its.organization_id = ${organizationId} and its.id = one.purchase_id and its.status = 'IN_PROGRESS' and its.applied_at is not null
        and not exists (
          select 1 from feature_entries as entry
          where entry.organization_id = ${organizationId} and entry.account_id = its.account_id and entry.purchase_id = its.id and entry.carried < entry.version
            and (entry.feature_id, entry.id) not in (select feature_id, id from sent)
        )`),
  )
  if (!rows.length) return { statements: [], changes: [] }
  const sent = JSON.stringify(rows.map(({ id, version }) => [id, version + 1]))
  return {
    statements: [
      selectRows(sql`
        update purchases set status = 'SUCCESS', updated_at = ${now}, version = sent.value ->> 1 from json_each(${sent}) as sent
        where purchases.organization_id = ${organizationId} and purchases.id = sent.value ->> 0`),
    ],
    changes: rows.map(({ id }) => ({ type: 'PURCHASE', id, fields: { status: ['IN_PROGRESS', 'SUCCESS'] } })),
  }
}
