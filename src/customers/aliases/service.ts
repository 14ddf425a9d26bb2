import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, qualified } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import type { Alias, AliasPaginatedResponse, CreateBulkAliasRequest, ListAliasesQuery } from './schema.ts'
import { aliases } from './table.ts'

type AliasRow = typeof aliases.$inferSelect

const show = ({ value, createdAt }: Pick<AliasRow, 'value' | 'createdAt'>): Alias => ({ value, createdAt: iso(createdAt) })

/** Adds values to the organization's pool. */
export const createAlias = (ctx: Ctx, input: CreateBulkAliasRequest): Promise<Reply<AliasPaginatedResponse>> => {
  const values = JSON.stringify(input.aliases.map(({ value }) => value))
  const insert = builder
    .insert(aliases)
    .select(sql`select ${ctx.organizationId}, value, 'ACTIVE', ${ctx.now}, ${ctx.now}, 1 from json_each(${values}) where true`)
    .onConflictDoUpdate({
      target: [aliases.organizationId, aliases.value],
      set: { status: 'ACTIVE', createdAt: ctx.now, updatedAt: ctx.now, version: sql`${qualified(aliases.version)} + 1` },
    })
  const existing = refuseWhen(
    'ALIASES_EXIST',
    sql`
      select json_group_array(${aliases.value}) from ${aliases}
      where ${aliases.organizationId} = ${ctx.organizationId} and ${aliases.status} = 'ACTIVE' and ${aliases.value} in (select sent.value from json_each(${values}) as sent)
      having count(*) > 0
    `,
  )
  return commit(ctx, {
    statements: [existing, insert],
    changes: input.aliases.map(({ value }) => ({ type: 'ALIAS', id: value, fields: { status: [null, 'ACTIVE'] } })),
    exists: 'ALIASES_EXIST',
    answer: { data: input.aliases.map(({ value }) => show({ value, createdAt: ctx.now })) },
  })
}

const isAlias = (ctx: Ctx, value: string) =>
  and(eq(aliases.organizationId, ctx.organizationId), eq(aliases.value, value), eq(aliases.status, 'ACTIVE'))

const readAlias = async (ctx: Ctx, value: string): Promise<AliasRow> => {
  const [row] = await ctx.session.db.select().from(aliases).where(isAlias(ctx, value))
  if (!row) throw notFound('alias', value)
  return row
}

const tagOfAlias = ({ version }: Pick<AliasRow, 'version'>): string => tagOf(version)

export const getAlias = async (ctx: Ctx, value: string): Promise<Reply<Alias>> => {
  const row = await readAlias(ctx, value)
  return { answer: show(row), tag: tagOfAlias(row) }
}

/** Removes a value from the pool. No account may have it now. */
export const deleteAlias = (ctx: Ctx, value: string): Promise<Reply<{ success: boolean }>> =>
  changeVersioned(ctx, {
    read: () => readAlias(ctx, value),
    tagOf: tagOfAlias,
    change: (row) => {
      const next = { status: 'ARCHIVED' as const, updatedAt: ctx.now, version: row.version + 1 }
      const isRow = and(eq(aliases.organizationId, ctx.organizationId), eq(aliases.value, value))
      return {
        statements: [builder.update(aliases).set(next).where(isRow)],
        changes: [{ type: 'ALIAS', id: value, fields: { status: [row.status, next.status] } }],
        answer: { success: true },
        tag: tagOfAlias(next),
      }
    },
  })

const pool = {
  table: aliases,
  key: aliases.value,
  columns: getTableColumns(aliases),
  order: { value: aliases.value },
  sort: [['value', 'ASC']],
  statuses: ['ACTIVE'],
  combinations: [],
} as const

const listPool = defineList(pool)

/** The aliases that no account has now. */
const listWaiting = defineList({
  ...pool,
  where: ({ organizationId, now }) => sql`
    not exists (
      select 1 from account_aliases as its where its.organization_id = ${organizationId} and its.value = aliases.value
        and its.effective_from <= ${now} and its.effective_until > ${now}
    )
  `,
})

/** Lists the pool of aliases, or those of it that no account has now, page by page. */
export const listAliases = async (
  ctx: Ctx,
  { without_account: isWithoutAccount, ...query }: ListAliasesQuery,
): Promise<Reply<AliasPaginatedResponse>> => {
  const { rows, next } = isWithoutAccount === 'true' ? await listWaiting(ctx, query, {}, 'without_account') : await listPool(ctx, query)
  return { answer: { data: rows.map(show), ...next } }
}
