import { type SQL, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, qualified, selectRows, selection } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { currenciesOf } from '../rate_cards/keep.ts'
import type { KeptCard } from '../rate_cards/schema.ts'
import type { BillableItem } from './definition.ts'
import type { PricePlanV2, RateCard } from './schema.ts'
import { pricePlanVersions, pricePlans, sortable } from './table.ts'

const { idFolded: _id, nameFolded: _name, descriptionFolded: _description, ...readColumns } = getTableColumns(pricePlans)
const { pricePlanId: _planId, organizationId: _organizationId, ...versionColumns } = getTableColumns(pricePlanVersions)

const readPlans = selection(readColumns)
const readPublished = selection(versionColumns)

/** What is read of a plan: without what it is searched by. */
export type ReadPlan = Pick<typeof pricePlans.$inferSelect, keyof typeof readColumns>

/** What a published version of a plan has of its own. */
type PublishedVersion = Pick<typeof pricePlanVersions.$inferSelect, keyof typeof versionColumns>

const isPlan = (organizationId: unknown, id: unknown) =>
  and(sql`${pricePlans.organizationId} = ${organizationId}`, sql`${pricePlans.id} = ${id}`, sql`${pricePlans.status} <> 'DISCARDED'`)

const onePlan = prepare(['organizationId', 'id'], (at) =>
  builder.select(readPlans.selected).from(pricePlans).where(isPlan(at.organizationId, at.id)),
)

/** The items that some ids name, as a JSON list. */
export const itemsNamed = (organizationId: unknown, ids: SQL) => sql<string>`(
  select json_group_array(json_object('kind', item.kind, 'id', item.id, 'displayName', item.display_name, 'status', item.status, 'type', item.type))
  from billable_items as item where item.organization_id = ${organizationId} and item.id in (${ids})
)`

/** Published versions of a plan as they are read, as a JSON object: the one of a number, or the newest one where that is null. */
const publishedAsJson = (version: unknown) => {
  const fields = Object.entries(versionColumns).flatMap(([key, column]) => [sql`${key}`, sql`its.${sql.identifier(column.name)}`])
  return sql<string | null>`(
    select json_object(${sql.join(fields, sql`, `)}) from price_plan_versions as its
    where its.price_plan_id = ${qualified(pricePlans.id)} and its.plan_version = coalesce(${version}, ${qualified(pricePlans.activeVersion)})
  )`
}

/** A plan, one of its published versions, and what the cards of both and some ids name. */
const planWithItems = prepare(['organizationId', 'id', 'version', 'sent'], (at) =>
  builder
    .select({
      ...readPlans.selected,
      published: publishedAsJson(at.version).as('published'),
      items: itemsNamed(
        at.organizationId,
        sql`
          select value from json_each(${at.sent})
          union select card.value ->> 'billableId' from json_each(${qualified(pricePlans.cards)}) as card
          union select card.value ->> 'billableId' from price_plan_versions as its, json_each(its.cards) as card
            where its.price_plan_id = ${qualified(pricePlans.id)}
              and its.plan_version = coalesce(${at.version}, ${qualified(pricePlans.activeVersion)})`,
      ).as('items'),
    })
    .from(pricePlans)
    .where(isPlan(at.organizationId, at.id)),
)

const itemsOfIds = prepare(['organizationId', 'sent'], (at) =>
  selectRows(sql`select ${itemsNamed(at.organizationId, sql`select value from json_each(${at.sent})`)} as items`),
)

/** A plan in its newest version, and what its cards price. */
export interface PlanWithItems {
  row: ReadPlan
  items: readonly BillableItem[]
}

/** Which version of a plan is asked for. */
export type VersionName = 'LATEST' | 'ACTIVE' | number

export type PlanWithPublished = PlanWithItems & { published: PublishedVersion | undefined }

type PlanRow = Record<string, unknown> & { published: string | null; items: string }

/** The query for a plan, its newest published version or the one of a number, and what the cards of both and some ids name. */
export const selectPlan = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
  id: string,
  sent: readonly string[] = [],
  version: number | null = null,
): Statement => planWithItems({ organizationId, id, version, sent: JSON.stringify(sent) })

/** Reads the rows of `selectPlan`. Throws NOT_FOUND if there is no such plan. */
export const readPlanRows = (id: string, rows: readonly unknown[] | undefined): PlanWithPublished => {
  const [found] = (rows ?? []) as PlanRow[]
  if (!found) throw notFound('price plan', id)
  const { published, items, ...columns } = found
  const [row] = readPlans.read([columns])
  const [itsVersion] = published === null ? [] : readPublished.read([JSON.parse(published) as Record<string, unknown>])
  return { row: row as ReadPlan, published: itsVersion, items: JSON.parse(items) as BillableItem[] }
}

const readOne = async (ctx: Ctx, id: string, version: number | null, sent: readonly string[]): Promise<PlanWithPublished> =>
  readPlanRows(id, await ctx.session.rows(selectPlan(ctx, id, sent, version)))

/** The columns of published versions under the names that `readPublishedVersions` reads. */
export const publishedColumns = (table: SQL): SQL =>
  sql.join(
    Object.entries(versionColumns).map(([key, column]) => sql`${table}.${sql.identifier(column.name)} as ${sql.identifier(key)}`),
    sql`, `,
  )

export const readPublishedVersions = (rows: readonly Record<string, unknown>[]): PublishedVersion[] => readPublished.read(rows)

/** Reads a plan in its newest version, its newest published version, and what the cards of both and some ids name. */
export const readPlan = (ctx: Ctx, id: string, sent: readonly string[] = []): Promise<PlanWithPublished> => readOne(ctx, id, null, sent)

/** Reads the items that some ids name, for cards of no plan. */
export const readItems = async (ctx: Ctx, ids: readonly string[]): Promise<BillableItem[]> => {
  const [found] = await ctx.session.rows<{ items: string }>(itemsOfIds({ organizationId: ctx.organizationId, sent: JSON.stringify(ids) }))
  return JSON.parse(found?.items ?? '[]') as BillableItem[]
}

/** A plan with what a published version of it was in place of what its newest one is. */
export const withVersion = (row: ReadPlan, published: PublishedVersion): ReadPlan => ({
  ...row,
  ...published,
  createdAt: row.createdAt,
  versionStatus: 'ACTIVE',
})

/** A plan in its newest published version, or in its draft where it has none. */
export const publishedOf = ({ row, published }: PlanWithPublished): ReadPlan => (published ? withVersion(row, published) : row)

/** Reads a plan in the version that is asked for. Throws NOT_FOUND where there is no such plan or version. */
export const readPlanVersion = async (ctx: Ctx, id: string, version: VersionName): Promise<PlanWithItems> => {
  const { row, published, items } = await readOne(ctx, id, typeof version === 'number' ? version : null, [])
  if (version === 'LATEST' || version === row.planVersion) return { row, items }
  if (!published)
    throw new ApiError(
      'NOT_FOUND',
      version === 'ACTIVE' ? `The price plan "${id}" has no published version.` : `The price plan "${id}" has no version ${version}.`,
    )
  return { row: withVersion(row, published), items }
}

const versionPage = prepare(['organizationId', 'id', 'before', 'limit'], (at) =>
  builder
    .select(readPublished.selected)
    .from(pricePlanVersions)
    .where(
      and(
        eq(pricePlanVersions.pricePlanId, at.id),
        eq(pricePlanVersions.organizationId, at.organizationId),
        sql`${pricePlanVersions.planVersion} < ${at.before}`,
      ),
    )
    .orderBy(sql`${pricePlanVersions.planVersion} desc`)
    .limit(at.limit),
)

/** Reads the versions of a plan before one of a number, the newest first. */
export const readVersionsBefore = async (ctx: Ctx, id: string, before: number, limit: number): Promise<ReadPlan[]> => {
  const { organizationId } = ctx
  const results = await ctx.session.batch<Record<string, unknown>>([
    onePlan({ organizationId, id }),
    versionPage({ organizationId, id, before, limit }),
  ])
  const [row] = readPlans.read(results[0]?.results ?? [])
  if (!row) throw notFound('price plan', id)
  const older = readPublished.read(results[1]?.results ?? []).map((published) => withVersion(row, published))
  const isNewer = row.planVersion < before && older[0]?.planVersion !== row.planVersion
  return [...(isNewer ? [row] : []), ...older].slice(0, limit)
}

/** Reads the rules of the version of a plan that a schedule of the plan itself names. Undefined if there is none. */
export const readRulesOfVersion = async (ctx: Ctx, id: string, referenceId: string): Promise<ReadPlan['rules'] | undefined> => {
  const { row, published } = await readPlan(ctx, id)
  if (row.referenceId === referenceId) return row.rules
  if (published?.referenceId === referenceId) return published.rules
  const [older] = await ctx.session.rows<Record<string, unknown>>(
    builder
      .select(readPublished.selected)
      .from(pricePlanVersions)
      .where(
        and(
          eq(pricePlanVersions.pricePlanId, id),
          eq(pricePlanVersions.organizationId, ctx.organizationId),
          eq(pricePlanVersions.referenceId, referenceId),
        ),
      ),
  )
  return older && readPublished.read([older])[0]?.rules
}

/** The state of a plan that its ETag names. */
export const tagOfPlan = ({ version }: Pick<ReadPlan, 'version'>): string => tagOf(version)

export const showPlan = (row: ReadPlan): PricePlanV2 => ({
  id: row.id,
  referenceId: row.referenceId,
  name: row.name,
  ...(row.description !== null && { description: row.description }),
  type: row.type,
  version: row.planVersion,
  status: row.versionStatus,
  ...(row.pricingCycleConfig && { pricingCycleConfig: row.pricingCycleConfig }),
  supportedCurrencies: [...row.supportedCurrencies],
  deferredRevenue: row.deferredRevenue,
  allowOngoingCycleUpdates: row.allowOngoingCycleUpdates,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

/** What invoices call a card: by its own name, or by that of what it prices, as it was when the card was published. */
export const displayNameOf = ({ displayName, publishedName, billableId }: KeptCard, items: readonly BillableItem[]): string =>
  displayName || (publishedName ?? items.find(({ id }) => id === billableId)?.displayName ?? billableId)

export const showCard = (
  card: KeptCard,
  { id, referenceId }: Pick<ReadPlan, 'id' | 'referenceId'>,
  items: readonly BillableItem[],
): RateCard => ({
  name: card.name,
  billableId: card.billableId,
  type: card.type,
  displayName: displayNameOf(card, items),
  invoiceTiming: card.invoiceTiming,
  rateCardDetails: card.rateCardDetails,
  ...(card.tag !== undefined && { tag: card.tag }),
  referenceId,
  referenceType: 'PRICE_PLAN',
  currencies: currenciesOf(card),
  pricePlanId: id,
})

const listDefinition = {
  table: pricePlans,
  key: pricePlans.id,
  columns: readColumns,
  order: sortable,
  sortable: Object.keys(sortable),
  sort: [
    ['updated_at', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { type: pricePlans.type },
  statuses: ['DRAFT', 'ACTIVE'],
  searched: [pricePlans.idFolded, pricePlans.nameFolded, pricePlans.descriptionFolded],
} as const

export const listPlans = defineList(listDefinition)

const listWithPublished = defineList({
  ...listDefinition,
  more: () => ({ published: sql<string | null>`case when version_status = 'DRAFT' then ${publishedAsJson(sql`null`)} end` }),
})

/** Lists plans, each in its newest published version, or in its draft where it has none. */
export const listPlansAsPublished = async (ctx: Ctx, query: Parameters<typeof listWithPublished>[1]) => {
  const { rows, ...rest } = await listWithPublished(ctx, query)
  return {
    ...rest,
    rows: rows.map(({ published, ...row }): ReadPlan => {
      const [version] = published === null ? [] : readPublished.read([JSON.parse(published) as Record<string, unknown>])
      return version ? { ...withVersion(row, version), updatedAt: row.updatedAt } : row
    }),
  }
}
