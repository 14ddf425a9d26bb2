import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import { selectRows } from '../../db/statements.ts'
import type { PurchaseRow } from './table.ts'

/** An order of a cycle of an account, or a purchase that has paid for it. */
export interface CycleOrder extends Pick<PurchaseRow, 'id' | 'accountId' | 'type' | 'status' | 'scheduleId' | 'ending'> {
  cycleAt: number
  /** The ids of what its PREPAID cards grant. */
  billableIds: readonly string[]
}

/** The query for the orders of cycles of accounts; and what it gives, by the ids of the accounts. */
export const selectCycleOrders = (organizationId: string, accountIds: readonly string[]): Statement =>
  selectRows(sql`
    select id, account_id as accountId, type, status, schedule_id as scheduleId, ending, cycle_at as cycleAt, (
        select json_group_array(card.value ->> 'billableId') from json_each(its.bought, '$.plan.definition.cards') as card
        where card.value ->> 'invoiceTiming' = 'PREPAID' and card.value ->> 'name' in (select value from json_each(its.bought, '$.plan.prepaid'))
      ) as billableIds
    from purchases as its
    where organization_id = ${organizationId} and account_id in (select value from json_each(${JSON.stringify(accountIds)})) and cycle_at is not null`)
export const readCycleOrders = (rows: readonly unknown[] | undefined): Map<string, CycleOrder[]> =>
  Map.groupBy(
    ((rows ?? []) as (Omit<CycleOrder, 'billableIds'> & { billableIds: string })[]).map(({ billableIds, ...row }) => ({
      ...row,
      billableIds: JSON.parse(billableIds) as string[],
    })),
    ({ accountId }) => accountId,
  )
