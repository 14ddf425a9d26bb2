import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selectRows, selection } from '../../db/statements.ts'
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

const onePublished = prepare(['organizationId', 'id', 'version'], (at) =>
  builder
    .select(readPublished.selected)
    .from(pricePlanVersions)
    .where(
      and(
        eq(pricePlanVersions.pricePlanId, at.id),
        eq(pricePlanVersions.organizationId, at.organizationId),
        sql`${pricePlanVersions.planVersion} = coalesce(${at.version}, (
          select ${pricePlans.activeVersion} from ${pricePlans} where ${isPlan(at.organizationId, at.id)}
        ))`,
      ),
    ),
)

/** What is priced by a plan and its published version of a number, or by cards that are sent. */
const pricedItems = prepare(['organizationId', 'id', 'version', 'sent'], (at) =>
  selectRows(sql`
      select item.kind, item.id, item.display_name as displayName, item.status, item.type from billable_items as item
      where item.organization_id = ${at.organizationId} and item.id in (
        select value from json_each(${at.sent})
        union select card.value ->> 'billableId' from price_plans as plan, json_each(plan.cards) as card
          where plan.organization_id = ${at.organizationId} and plan.id = ${at.id}
        union select card.value ->> 'billableId' from price_plan_versions as its, json_each(its.cards) as card
          where its.organization_id = ${at.organizationId} and its.price_plan_id = ${at.id} and its.plan_version = coalesce(${at.version}, its.plan_version)
      )`),
)

/** A plan in its newest version, and what its cards price. */
export interface PlanWithItems {
  row: ReadPlan
  items: readonly BillableItem[]
}

/** Which version of a plan is asked for. */
export type VersionName = 'LATEST' | 'ACTIVE' | number

/** Reads a plan in its newest version, what its cards and those of `sent` ids price, and its newest published version. */
export const readPlan = async (
  ctx: Ctx,
  id: string,
  sent: readonly string[] = [],
): Promise<PlanWithItems & { published: PublishedVersion | undefined }> => {
  const { organizationId } = ctx
  const results = await ctx.session.batch<Record<string, unknown>>([
    onePlan({ organizationId, id }),
    onePublished({ organizationId, id, version: null }),
    pricedItems({ organizationId, id, version: null, sent: JSON.stringify(sent) }),
  ])
  const [row] = readPlans.read(results[0]?.results ?? [])
  if (!row) throw notFound('price plan', id)
  const [published] = readPublished.read(results[1]?.results ?? [])
  return { row, published, items: (results[2]?.results ?? []) as unknown as BillableItem[] }
}

/** Reads the items that some ids name, for cards of no plan. */
export const readItems = async (ctx: Ctx, ids: readonly string[]): Promise<BillableItem[]> => {
  const { organizationId } = ctx
  return ctx.session.rows<BillableItem>(pricedItems({ organizationId, id: '', version: 0, sent: JSON.stringify(ids) }))
}

/** A plan with what a published version of it was in place of what its newest one is. */
export const withVersion = (row: ReadPlan, published: PublishedVersion): ReadPlan => ({
  ...row,
  ...published,
  createdAt: row.createdAt,
  versionStatus: 'ACTIVE',
})

/** Reads a plan in the version that is asked for. Throws NOT_FOUND where there is no such plan or version. */
export const readPlanVersion = async (ctx: Ctx, id: string, version: VersionName): Promise<PlanWithItems> => {
  const { organizationId } = ctx
  const number = typeof version === 'number' ? version : null
  const results = await ctx.session.batch<Record<string, unknown>>([
    onePlan({ organizationId, id }),
    onePublished({ organizationId, id, version: number }),
    pricedItems({ organizationId, id, version: number, sent: '[]' }),
  ])
  const [row] = readPlans.read(results[0]?.results ?? [])
  if (!row) throw notFound('price plan', id)
  const items = (results[2]?.results ?? []) as unknown as BillableItem[]
  if (version === 'LATEST' || version === row.planVersion) return { row, items }
  const [published] = readPublished.read(results[1]?.results ?? [])
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

/** What invoices call a card: by its own name, or by that of what it prices. */
export const displayNameOf = ({ displayName, billableId }: KeptCard, items: readonly BillableItem[]): string =>
  displayName || (items.find(({ id }) => id === billableId)?.displayName ?? billableId)

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
