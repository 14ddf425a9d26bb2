import { sql } from 'drizzle-orm'
import { type DraftedAssociation, draftAssociation } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import type { Statement } from '../../db/client.ts'
import { selectRows } from '../../db/statements.ts'
import { ApiError } from '../../lib/errors.ts'
import { instantOf } from '../../rating/cycle.ts'
import { addQuotients } from '../../rating/quotient.ts'
import { insertAdvanceCharges, readQuotient, writeQuotient } from '../invoices/advances.ts'
import type { PurchaseRow } from './table.ts'

/** Drafts that the plan of a purchase is put in force, in the version that was bought. Throws what refuses that. */
export const draftBoughtPlan = async (
  ctx: Ctx,
  { accountId, pricePlanId, planVersion, request }: PurchaseRow,
): Promise<DraftedAssociation> => {
  const { effectiveFrom: from = 0, effectiveUntil: until = 0, associationOverride: details } = request
  const drafted = await draftAssociation(ctx, accountId, {
    pricePlanId: pricePlanId ?? '',
    version: planVersion ?? undefined,
    from,
    until,
    details,
    field: 'associationOverride',
  })
  if (drafted.isUnchanged)
    throw new ApiError('CONFLICT', `effectiveFrom: the account "${accountId}" has the price plan from then on already, as it is bought`)
  return drafted
}

interface KeptCharge {
  billableId: string
  position: number
  total: string
}

/** What a cycle of an account was charged in advance for its cards until now, and whether it was ordered of a schedule. */
const readCycle = async ({ organizationId, session }: Ctx, accountId: string, cycleAt: number, scheduleId: string) => {
  const [charges, orders] = await session.batch<object>([
    selectRows(sql`
      select billable_id as billableId, max(position) as position, total from advance_charges
      where organization_id = ${organizationId} and account_id = ${accountId} and cycle_at = ${cycleAt} group by billable_id`),
    selectRows(sql`
      select 1 from purchases
      where organization_id = ${organizationId} and account_id = ${accountId} and cycle_at = ${cycleAt} and schedule_id = ${scheduleId}`),
  ])
  return {
    charges: new Map(((charges?.results ?? []) as KeptCharge[]).map((one) => [one.billableId, one])),
    isOrdered: (orders?.results.length ?? 0) > 0,
  }
}

/** The cycle that the order of a purchase has paid for, and the statements that keep what it charged in advance, so that only changes of that are billed. */
export const draftPaidCycle = async (
  ctx: Ctx,
  row: PurchaseRow,
  { inForce: { piece, cycle } }: DraftedAssociation,
): Promise<Pick<PurchaseRow, 'cycleAt' | 'scheduleId'> & { statements: Statement[] }> => {
  const { organizationId, accountId, invoiceId, bought } = row
  const cycleAt = instantOf(cycle.start)
  const kept = await readCycle(ctx, accountId, cycleAt, piece.id)
  const rows = (bought.charges ?? []).map(({ total, ...charge }) => {
    const last = kept.charges.get(charge.billableId)
    return {
      ...charge,
      organizationId,
      accountId,
      cycleAt,
      position: (last?.position ?? -1) + 1,
      total: last ? writeQuotient(addQuotients(readQuotient(last.total), readQuotient(total))) : total,
      refundMode: null,
      invoiceId,
      createdAt: ctx.now,
    }
  })
  return {
    cycleAt,
    scheduleId: kept.isOrdered ? null : piece.id,
    statements: rows.length ? [insertAdvanceCharges(rows)] : [],
  }
}
