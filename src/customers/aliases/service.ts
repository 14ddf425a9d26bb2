import { and, eq, gt, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { commit, onLatest, precondition, shown } from '../../db/commit.ts'
import { refuse } from '../../db/conflicts.ts'
import { qualified } from '../../db/rows.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { type ListRules, closePage, openPage } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import type { Alias, AliasPaginatedResponse, CreateBulkAliasRequest, ListAliasesQuery } from './schema.ts'
import { aliases } from './table.ts'

type AliasRow = typeof aliases.$inferSelect

const show = ({ value, createdAt }: Pick<AliasRow, 'value' | 'createdAt'>): Alias => ({ value, createdAt: iso(createdAt) })

/** Puts values into the organization's pool, all of them or none. */
export const createAlias = async (ctx: Ctx, input: CreateBulkAliasRequest): Promise<AliasPaginatedResponse> => {
  const values = JSON.stringify(input.aliases.map(({ value }) => value))
  const insert = ctx.session.db
    .insert(aliases)
    .select(sql`select ${ctx.organizationId}, value, 'ACTIVE', ${ctx.now}, ${ctx.now}, 1 from json_each(${values}) where true`)
    .onConflictDoUpdate({
      target: [aliases.organizationId, aliases.value],
      set: { status: 'ACTIVE', createdAt: ctx.now, updatedAt: ctx.now, version: sql`${qualified(aliases.version)} + 1` },
    })
  const existing = refuse(
    ctx,
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

export const getAlias = async (ctx: Ctx, value: string): Promise<Alias> => {
  const row = await readAlias(ctx, value)
  return shown(ctx, tagOf(row.version), show(row))
}

/** Takes a value out of the pool, unless an account holds it now. */
export const deleteAlias = (ctx: Ctx, value: string): Promise<{ success: true }> =>
  onLatest(async () => {
    const row = await readAlias(ctx, value)
    precondition(ctx, tagOf(row.version))
    const next = { status: 'ARCHIVED' as const, updatedAt: ctx.now, version: row.version + 1 }
    return commit(ctx, {
      statements: [
        ctx.session.db
          .update(aliases)
          .set(next)
          .where(and(eq(aliases.organizationId, ctx.organizationId), eq(aliases.value, value))),
      ],
      changes: [{ type: 'ALIAS', id: value, fields: { status: [row.status, next.status] } }],
      answer: { success: true },
      tag: tagOf(next.version),
    })
  })

const LIST: ListRules = { operationId: 'listAliases', id: 'value', sortFields: ['value'], sort: [['value', 'ASC']], combinations: [] }

export const listAliases = async (ctx: Ctx, query: ListAliasesQuery): Promise<AliasPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query)
  const [after = ''] = page.after ?? []
  const rows = await ctx.session.db
    .select()
    .from(aliases)
    .where(and(eq(aliases.organizationId, ctx.organizationId), eq(aliases.status, 'ACTIVE'), gt(aliases.value, String(after))))
    .orderBy(aliases.value)
    .limit(page.size + 1)
  const { visible, ...next } = await closePage(ctx, LIST, page, rows, ({ value }) => value)
  return { data: visible.map(show), ...next }
}
