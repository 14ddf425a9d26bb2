import { and, eq, getTableColumns } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, insertInto, prepare, selection } from '../../db/statements.ts'
import type { ErasureRow } from './slice.ts'
import { erasures } from './table.ts'

const columns = getTableColumns(erasures)
const readErasures = selection(columns)
export const insertErasures = insertInto(erasures)

const oneErasure = prepare(['organizationId', 'customerId'], (at) =>
  builder
    .select(readErasures.selected)
    .from(erasures)
    .where(and(eq(erasures.organizationId, at.organizationId), eq(erasures.customerId, at.customerId))),
)

/** Reads how far a customer has been erased. Undefined if that was never begun. */
export const findErasure = async ({ session, organizationId }: Ctx, customerId: string): Promise<ErasureRow | undefined> =>
  readErasures.read(await session.rows(oneErasure({ organizationId, customerId })))[0]

export const listErasureRows = defineList({
  table: erasures,
  key: erasures.customerId,
  columns,
  order: { startedAt: erasures.startedAt, customerId: erasures.customerId },
  sort: [
    ['startedAt', 'DESC'],
    ['customerId', 'ASC'],
  ],
  filters: { customer_id: erasures.customerId },
})
