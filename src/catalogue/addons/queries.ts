import { and, eq, getTableColumns } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import type { AddOn } from './schema.ts'
import { addOns, sortable } from './table.ts'

const { idFolded: _id, nameFolded: _name, billableNameFolded: _billableName, ...readColumns } = getTableColumns(addOns)

const readAddOns = selection(readColumns)

/** What is read of an add-on: without what it is searched by. */
export type ReadAddOn = Pick<typeof addOns.$inferSelect, keyof typeof readColumns>

const oneAddOn = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readAddOns.selected)
    .from(addOns)
    .where(and(eq(addOns.organizationId, at.organizationId), eq(addOns.id, at.id))),
)

export const showAddOn = (row: ReadAddOn): AddOn => ({
  id: row.id,
  name: row.name,
  type: row.type,
  ...(row.billableName !== null && { billableName: row.billableName }),
  displayName: row.billableName ?? row.name,
  status: row.status,
  createdAt: iso(row.createdAt),
})

/** The state of an add-on that its ETag names. */
export const tagOfAddOn = ({ version }: Pick<ReadAddOn, 'version'>): string => tagOf(version)

export const readAddOn = async (ctx: Ctx, id: string): Promise<ReadAddOn> => {
  const [row] = readAddOns.read(await ctx.session.rows(oneAddOn({ organizationId: ctx.organizationId, id })))
  if (!row) throw notFound('add-on', id)
  return row
}

export const listAddOns = defineList({
  table: addOns,
  key: addOns.id,
  columns: readColumns,
  order: sortable,
  sortable: Object.keys(sortable),
  sort: [
    ['name', 'ASC'],
    ['id', 'ASC'],
  ],
  filters: { type: addOns.type },
  statuses: ['ACTIVE'],
  searched: [addOns.idFolded, addOns.nameFolded, addOns.billableNameFolded],
})
