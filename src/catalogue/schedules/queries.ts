import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import { accounts } from '../../customers/accounts/table.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import type { BillableItem, PlanDefinition } from '../price_plans/definition.ts'
import { itemsNamed, publishedColumns, readPublishedVersions } from '../price_plans/queries.ts'
import type { ScheduleOverride } from './table.ts'
import type { Piece, PlanCycle } from './timeline.ts'

/** A part of a timeline as it is read, with the name and the description of its plan. */
export interface ReadPiece extends Piece {
  accountId: string
  planName: string
  planDescription: string | null
  state: 'ACTIVE' | 'DRAFT'
}

interface PieceRow {
  id: string
  accountId: string
  state: 'ACTIVE' | 'DRAFT'
  pricePlanId: string
  version: number
  startAt: number
  endAt: number
  cycle: string
  isCycleOverridden: number
  overrideId: string | null
  planName: string
  planDescription: string | null
  isOpen: number
  currencies: number
}

const pieceOf = ({ startAt, endAt, cycle, isCycleOverridden, isOpen, ...row }: PieceRow): ReadPiece => ({
  ...row,
  from: dayOf(startAt),
  until: dayOf(endAt),
  cycle: JSON.parse(cycle) as PlanCycle,
  isCycleOverridden: isCycleOverridden === 1,
  isOpen: isOpen === 1,
})

const SCHEDULES = sql`schedules as its`

export type State = 'ACTIVE' | 'DRAFT'

/**
 * Schedules by their ids, to select from. They are found in the index of ids, which SQLite uses only if state is compared with GONE as in the
 * index, and if the ids come first.
 */
export const schedulesById = (ids: readonly string[], states: readonly State[]): SQL => sql`
  json_each(${JSON.stringify([...new Set(ids)])}) as sent
  cross join schedules as its on its.id = sent.value and its.state in (${sql.join([...states], sql`, `)}) and its.state <> 'GONE'`

/**
 * The parts of timelines that a condition selects, each with its plan.
 *
 *     select … from schedules as its join price_plans as plan … join price_plan_versions as version … where its.organization_id = ? and …
 */
export const selectPieces = (organizationId: unknown, condition: SQL, rest: SQL = sql`order by its.start_at`, from = SCHEDULES): SQL => sql`
  select its.id, its.account_id as accountId, its.state, its.price_plan_id as pricePlanId, its.plan_version as version,
    its.start_at as startAt, its.end_at as endAt, its.cycle, its.is_cycle_overridden as isCycleOverridden, its.override_id as overrideId,
    plan.name as planName, version.description as planDescription, max(version.deferred_revenue, version.allow_ongoing_cycle_updates) as isOpen,
    json_array_length(version.active_currencies) as currencies
  from ${from}
  cross join price_plans as plan on plan.id = its.price_plan_id
  cross join price_plan_versions as version on version.price_plan_id = its.price_plan_id and version.plan_version = its.plan_version
  where its.organization_id = ${organizationId} and ${condition} ${rest}`

/** Reads rows of `selectPieces`. */
export const readPieces = (rows: readonly unknown[] | undefined): ReadPiece[] => (rows ?? []).map((row) => pieceOf(row as PieceRow))

/** What is read of an account whose timeline is read or changed. */
export interface TimelineOwner {
  id: string
  name: string
  status: string
  invoiceCurrency: string
  togaiAccountId: string
  customerId: string
  version: number
  /** When it was made, in milliseconds. */
  createdAt: number
}

/** The timeline of an account: what is in force, and the parts of its draft if it has one. */
export interface ReadTimeline {
  account: TimelineOwner
  /** How often it was changed: undefined if it never had a plan. */
  version: number | undefined
  activeVersion: number
  /** The version of what is in force that the draft was made of. */
  draftBase: number | null
  /** When the next of its cycles begins or ends, in milliseconds, if that has not been announced. */
  cycleDueAt: number | null
  active: readonly ReadPiece[]
  draft: readonly ReadPiece[]
}

/** A row of `selectOwners`. */
export type OwnerRow = TimelineOwner & {
  timelineVersion: number | null
  activeVersion: number | null
  draftBase: number | null
  cycleDueAt: number | null
}

const ownerColumns = sql`${accounts.id} as id, ${accounts.name} as name, ${accounts.status} as status, ${accounts.invoiceCurrency} as invoiceCurrency,
  ${accounts.togaiAccountId} as togaiAccountId, ${accounts.version} as version, ${accounts.customerId} as customerId,
  ${accounts.createdAt} as createdAt`

/** The query for the accounts that a condition selects, each with the version of its timeline. */
export const selectOwners = (organizationId: unknown, condition: SQL): Statement =>
  selectRows(sql`
    select ${ownerColumns}, timelines.version as timelineVersion, timelines.active_version as activeVersion, timelines.draft_base as draftBase,
      (select due_at from due where organization_id = ${organizationId} and kind = 'PRICING_CYCLE' and subject = ${accounts.id}) as cycleDueAt
    from ${accounts}
    left join timelines on timelines.organization_id = ${accounts.organizationId} and timelines.account_id = ${accounts.id}
    where ${accounts.organizationId} = ${organizationId} and ${condition}`)

/** The query for an account and the version of its timeline. */
export const selectOwner = prepare(['organizationId', 'accountId'], (at) =>
  selectOwners(at.organizationId, sql`${accounts.id} = ${at.accountId}`),
)

const piecesOf = prepare(['organizationId', 'accountId'], (at) =>
  selectRows(selectPieces(at.organizationId, sql`its.account_id = ${at.accountId} and its.state in ('ACTIVE', 'DRAFT')`)),
)

/** The queries for the timeline of an account, for a batch, and what they give. */
export const selectTimeline = ({ organizationId }: Pick<Ctx, 'organizationId'>, accountId: string): Statement[] => [
  selectOwner({ organizationId, accountId }),
  piecesOf({ organizationId, accountId }),
]

/** The timeline of an account, from its row and the parts of it. */
export const timelineOf = (
  { timelineVersion, activeVersion, draftBase, cycleDueAt, ...account }: OwnerRow,
  pieces: readonly ReadPiece[],
): ReadTimeline => ({
  account,
  version: timelineVersion ?? undefined,
  activeVersion: activeVersion ?? 0,
  draftBase,
  cycleDueAt,
  active: pieces.filter(({ state }) => state === 'ACTIVE'),
  draft: pieces.filter(({ state }) => state === 'DRAFT'),
})

/** Reads the results of `selectTimeline`. Throws NOT_FOUND if there is no such account. */
export const readTimelineRows = (accountId: string, results: readonly { results: readonly unknown[] }[]): ReadTimeline => {
  const [owner] = (results[0]?.results ?? []) as OwnerRow[]
  if (!owner) throw notFound('account', accountId)
  return timelineOf(owner, readPieces(results[1]?.results))
}

/**
 * The tag of a timeline for its ETag: its version, how many of its schedules have begun or ended at `now` (milliseconds), and in how many
 * currencies their plans are active, which are shown with them.
 */
export const tagOfTimeline = (
  version: number | undefined,
  active: readonly Pick<Piece, 'from' | 'until' | 'currencies'>[],
  now: number,
): string =>
  tagOf(
    version ?? 0,
    active.reduce((passed, { from, until }) => passed + Number(instantOf(from) <= now) + Number(instantOf(until) <= now), 0),
    active.reduce((sum, { currencies }) => sum + currencies, 0),
  )

/** The query for the tag of the timeline of an account, as one row with `version`, `passed` and `currencies`. */
export const selectTag = (organizationId: string, accountId: SQL, now: number): Statement =>
  selectRows(sql`
    select coalesce((select version from timelines where organization_id = ${organizationId} and account_id = ${accountId}), 0) as version,
      coalesce(sum(its.passed), 0) as passed, coalesce(sum(its.pieces * json_array_length(plan.active_currencies)), 0) as currencies
    from (
      select price_plan_id, plan_version, count(*) as pieces, sum((start_at <= ${now}) + (end_at <= ${now})) as passed
      from schedules where organization_id = ${organizationId} and account_id = ${accountId} and state = 'ACTIVE'
      group by price_plan_id, plan_version
    ) as its
    cross join price_plan_versions as plan on plan.price_plan_id = its.price_plan_id and plan.plan_version = its.plan_version`)

/** Reads the row of `selectTag`. */
export const readTag = (rows: readonly unknown[] | undefined): string => {
  const [{ version, passed, currencies } = { version: 0, passed: 0, currencies: 0 }] = (rows ?? []) as Record<
    'version' | 'passed' | 'currencies',
    number
  >[]
  return tagOf(version, passed, currencies)
}

/** What parts of timelines are made of: versions of plans, and what accounts have instead of parts of them. */
export interface PieceParts {
  versions: ReadonlyMap<string, PlanDefinition & { activeCurrencies: readonly string[] }>
  overrides: ReadonlyMap<string, ScheduleOverride>
  items: readonly BillableItem[]
}

export const keyOfVersion = ({ pricePlanId, version }: Pick<Piece, 'pricePlanId' | 'version'>): string => `${pricePlanId} ${version}`

type Keys = SQL

/** The versions of plans that some parts of timelines have. `keys` is a query for their price_plan_id, plan_version and override_id. */
const selectVersions = (organizationId: unknown, keys: Keys): Statement =>
  selectRows(sql`
    select plan.id as planId, plan.type, ${publishedColumns(sql.raw('version'))}
    from (select distinct price_plan_id, plan_version from (${keys})) as used
    cross join price_plan_versions as version on version.price_plan_id = used.price_plan_id and version.plan_version = used.plan_version
    cross join price_plans as plan on plan.id = used.price_plan_id where plan.organization_id = ${organizationId}`)

/** What accounts have instead of parts of plans in some parts of timelines. */
export const selectOverrides = (organizationId: unknown, keys: Keys): Statement =>
  selectRows(sql`
    select own.id, own.content from (select distinct override_id from (${keys})) as used
    cross join schedule_overrides as own on own.organization_id = ${organizationId} and own.id = used.override_id`)

/** What the cards of some parts of timelines price, and what ids name that are sent as a JSON list. */
const selectItems = (organizationId: unknown, keys: Keys, sent: unknown): Statement =>
  selectRows(sql`
    select ${itemsNamed(
      organizationId,
      sql`
        select value from json_each(${sent})
        union select card.value ->> 'billableId' from (select distinct override_id from (${keys})) as used
        cross join schedule_overrides as own on own.organization_id = ${organizationId} and own.id = used.override_id
        cross join json_each(own.content, '$.cards') as card
        union select card.value ->> 'billableId' from (select distinct price_plan_id, plan_version from (${keys})) as used
        cross join price_plan_versions as version on version.price_plan_id = used.price_plan_id and version.plan_version = used.plan_version
        cross join json_each(version.cards) as card`,
    )} as items`)

/** The queries for what some parts of timelines are made of, for a batch. */
export const selectPieceParts = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
  keys: Keys,
  sent: readonly string[] = [],
): Statement[] => [
  selectVersions(organizationId, keys),
  selectOverrides(organizationId, keys),
  selectItems(organizationId, keys, JSON.stringify(sent)),
]

/** Prepares the queries of `selectPieceParts` for the keys that a query gives by the organization and values of some names. */
export const preparePieceParts = <Name extends string>(
  names: readonly Name[],
  keysAt: (at: Readonly<Record<Name | 'organizationId', Placeholder>>) => Keys,
): ((values: Readonly<Record<Name | 'organizationId', unknown>>) => Statement[]) => {
  const select = [
    prepare(['organizationId', ...names], (at) => selectVersions(at.organizationId, keysAt(at))),
    prepare(['organizationId', ...names], (at) => selectOverrides(at.organizationId, keysAt(at))),
    prepare(['organizationId', ...names], (at) => selectItems(at.organizationId, keysAt(at), '[]')),
  ]
  return (values) => select.map((one) => one(values))
}

const partsOfList = preparePieceParts(
  ['listed'],
  ({ listed }) =>
    sql`select value ->> 0 as price_plan_id, value ->> 1 as plan_version, value ->> 2 as override_id from json_each(${listed})`,
)

/** The queries for what listed parts of timelines are made of, for a batch. */
export const selectPartsOfList = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
  pieces: readonly Pick<Piece, 'pricePlanId' | 'version' | 'overrideId'>[],
): Statement[] => {
  const listed = JSON.stringify(pieces.map(({ pricePlanId, version, overrideId }) => [pricePlanId, version, overrideId]))
  return partsOfList({ organizationId, listed })
}

/** Reads the rows of `selectOverrides`. */
export const readOverrides = (rows: readonly unknown[] | undefined): Map<string, ScheduleOverride> =>
  new Map(((rows ?? []) as { id: string; content: string }[]).map(({ id, content }) => [id, JSON.parse(content) as ScheduleOverride]))

type VersionRow = Record<string, unknown> & { planId: string; type: PlanDefinition['type'] }

const readVersions = (rows: readonly unknown[] | undefined): PieceParts['versions'] =>
  new Map(
    ((rows ?? []) as VersionRow[]).map(({ planId, type, ...columns }) => {
      const [version] = readPublishedVersions([columns])
      if (!version) throw new Error('A row has no version')
      return [keyOfVersion({ pricePlanId: planId, version: version.planVersion }), { ...version, type }]
    }),
  )

/** Reads the results of `selectPieceParts` and of `selectPartsOfList`. */
export const readPieceParts = (results: readonly { results: readonly unknown[] }[]): PieceParts => {
  const [versions, overrides, items] = results.map((one) => one.results)
  return {
    versions: readVersions(versions),
    overrides: readOverrides(overrides),
    items: JSON.parse((items?.[0] as { items: string } | undefined)?.items ?? '[]') as BillableItem[],
  }
}

/** The keys of the parts of timelines that a condition selects. */
export const keysOfPieces = (organizationId: unknown, condition: SQL, from = SCHEDULES): SQL => sql`
  select its.price_plan_id, its.plan_version, its.override_id from ${from} where its.organization_id = ${organizationId} and ${condition}`

/** What is in force in a part of a timeline: the version of its plan, with what the account has instead of parts of it. */
export const definitionOf = (
  piece: Pick<Piece, 'pricePlanId' | 'version' | 'overrideId'> & Partial<Pick<Piece, 'cycle'>>,
  { versions, overrides }: PieceParts,
): PlanDefinition & { activeCurrencies: readonly string[] } => {
  const version = versions.get(keyOfVersion(piece))
  if (!version) throw new Error('A schedule has a version of a plan that does not exist')
  const own = piece.overrideId === null ? undefined : overrides.get(piece.overrideId)
  const { cards = version.cards, rules = version.rules, supportedCurrencies = version.supportedCurrencies } = own ?? {}
  return { ...version, cards, rules, supportedCurrencies, pricingCycleConfig: piece.cycle ?? version.pricingCycleConfig }
}
