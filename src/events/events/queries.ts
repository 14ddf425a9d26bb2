import { sql } from 'drizzle-orm'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { type ExchangeRates, readExchangeRates, selectExchangeRates } from '../../customers/settings/service.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { accountKey, unknownKey } from '../../ledger/client.ts'
import { type PlanInForce, planColumns, readPlan } from '../ingestion/plans.ts'
import { keyOf } from '../ingestion/texts.ts'
import type { Generation } from '../ingestion/memory.ts'

/** Where to look for events, and the accounts that they must have. */
export interface Scope {
  /** The generations of event ledgers, the newest last. */
  generations: readonly Generation[]
  /** The keys of the accounts, one of which an event must have. Undefined if the query names no account or customer. */
  accounts: readonly string[] | undefined
}

/**
 * The account that has a name as its id; else the one that has it as an alias now, or had it last.
 *
 *     select its.id from accounts as its where its.organization_id = ? and its.id = ?
 *     union all select its.id from account_aliases as alias join accounts as its … where alias.value = ? …
 */
const selectAccountNamed = ({ organizationId, now }: Ctx, name: string) => sql`
  select id from (
    select its.id, 2 as fit, 0 as until from accounts as its where its.organization_id = ${organizationId} and its.id = ${name}
    union all
    select its.id, alias.effective_from <= ${now} and ${now} < alias.effective_until, alias.effective_until
    from account_aliases as alias join accounts as its on its.togai_account_id = alias.togai_account_id
    where alias.organization_id = ${organizationId} and alias.value = ${name} and alias.effective_from < alias.effective_until
  ) order by fit desc, until desc limit 1`

const NONE = sql`select null as id where false`

const keysOf = (result: D1Result | undefined): string[] => ((result?.results ?? []) as { id: string }[]).map(({ id }) => accountKey(id))

/** Reads where to look for the events of an account (by id or alias), of a customer's accounts, or of both. A portal token sees its own accounts only. */
export const readScope = async (ctx: Ctx, asked: { account?: string | undefined; customer?: string | undefined }): Promise<Scope> => {
  const { organizationId, portal } = ctx
  const name = asked.account === undefined ? undefined : keyOf(asked.account)
  const ofCustomerId = (customerId: string) =>
    selectRows(sql`select id from accounts where organization_id = ${organizationId} and customer_id = ${customerId}`)
  const [generations, named, owned, own] = await ctx.session.batch([
    selectRows(sql`
      select generation, ledgers, started_at as startedAt, ended_at as endedAt, first_hour as firstHour, last_hour as lastHour
      from ledger_generations where organization_id = ${organizationId} and kind = 'EVENT' order by generation`),
    selectRows(name === undefined ? NONE : selectAccountNamed(ctx, name)),
    asked.customer === undefined ? selectRows(NONE) : ofCustomerId(keyOf(asked.customer)),
    ...(portal ? [ofCustomerId(portal.customerId)] : []),
  ])
  const ofName = name === undefined ? undefined : [...keysOf(named), unknownKey(name)]
  const ofCustomer = asked.customer === undefined ? undefined : keysOf(owned)
  const isOwn = (key: string): boolean => !portal || portal.accountIds === 'all' || portal.accountIds.some((id) => accountKey(id) === key)
  const ofPortal = portal && keysOf(own).filter(isOwn)
  const [first, ...others] = [ofName, ofCustomer, ofPortal].filter((keys) => keys !== undefined)
  return {
    generations: (generations?.results ?? []) as Generation[],
    accounts: first?.filter((key) => others.every((keys) => keys.includes(key))),
  }
}

/** The data of an account that is shown with its events. */
export interface Owner {
  id: string
  name: string
  invoiceCurrency: string
  customerId: string
  customerName: string
}

const selectOwners = ({ organizationId }: Ctx, ids: readonly string[]): Statement =>
  selectRows(sql`
    select its.id, its.name, its.invoice_currency as invoiceCurrency, its.customer_id as customerId, customer.name as customerName
    from json_each(${JSON.stringify(ids)}) as sent
    cross join accounts as its on its.organization_id = ${organizationId} and its.id = sent.value
    cross join customers as customer on customer.togai_customer_id = its.togai_customer_id`)

/** The plan that an account has at some time, and what its cards price. */
export interface OwnedPlan {
  scheduleId: string
  id: string
  name: string
  plan: PlanInForce
  /** Its cards for usage. */
  cards: readonly KeptCard[]
}

/** An account, by its id, and a time in milliseconds. */
type Place = readonly [accountId: string, time: number]

const keyOfPlace = ([accountId, time]: Place): string => `${time} ${accountId}`

interface PlanRow {
  accountId: string
  time: number
  scheduleId: string
  id: string
  name: string
  plan: string
  cards: string
}

/**
 * The plans that accounts have at some times, from their timelines as they are now. Of a timeline, only the first schedule is looked at that
 * ends after the time.
 *
 *     select … from json_each(?) as sent cross join schedules as its on its.sequence = (select … order by end_at limit 1) and its.start_at <= sent.value ->> 1
 *     cross join price_plans as plan … cross join price_plan_versions as version … left join schedule_overrides as own …
 */
const selectPlans = ({ organizationId }: Ctx, places: readonly Place[]): Statement =>
  selectRows(sql`
    select sent.value ->> 0 as accountId, sent.value ->> 1 as time, its.id as scheduleId, plan.id, plan.name, ${planColumns(sql.raw('its'))} as plan,
      (select json_group_array(json(card.value)) from json_each(coalesce(own.content -> '$.cards', version.cards)) as card
        where card.value ->> 'type' = 'USAGE') as cards
    from json_each(${JSON.stringify(places)}) as sent
    cross join schedules as its on its.sequence = (
      select one.sequence from schedules as one
      where one.organization_id = ${organizationId} and one.account_id = sent.value ->> 0 and one.state = 'ACTIVE' and one.end_at > sent.value ->> 1
      order by one.end_at limit 1
    ) and its.start_at <= sent.value ->> 1
    cross join price_plans as plan on plan.id = its.price_plan_id
    cross join price_plan_versions as version on version.price_plan_id = its.price_plan_id and version.plan_version = its.plan_version
    left join schedule_overrides as own on own.organization_id = its.organization_id and own.id = its.override_id`)

const planOf = ({ scheduleId, id, name, plan, cards }: PlanRow): OwnedPlan => ({
  scheduleId,
  id,
  name,
  plan: readPlan(JSON.parse(plan) as Parameters<typeof readPlan>[0]),
  cards: JSON.parse(cards) as KeptCard[],
})

/** What is shown with events of their accounts: each account by its id, and the plan that it has at a time. */
export interface Owners {
  ownerOf: (accountId: string) => Owner | undefined
  planAt: (...place: Place) => OwnedPlan | undefined
  /** Whether events of a schema show what they earned. */
  showsRevenue: (schema: string) => boolean
  rates: ExchangeRates
}

/** The query for the schemas, of some names, whose events show what they earned. */
const selectRevenueSchemas = ({ organizationId }: Ctx, names: readonly string[]): Statement =>
  selectRows(sql`
    select its.name from json_each(${JSON.stringify(names)}) as sent
    cross join event_schemas as its on its.organization_id = ${organizationId} and its.name = sent.value and its.event_level_revenue = 1`)

/** Reads accounts by their ids, each with its customer, the plans that accounts have at some times, and which schemas show revenue, in one round trip. */
export const readOwners = async (
  ctx: Ctx,
  ids: readonly string[],
  places: readonly Place[],
  schemas: readonly string[],
): Promise<Owners> => {
  const statements = [
    ...(ids.length ? [selectOwners(ctx, ids)] : []),
    ...(places.length ? [selectPlans(ctx, places), selectRevenueSchemas(ctx, schemas), selectExchangeRates(ctx)] : []),
  ]
  const [owners, plans, withRevenue, rates] = statements.length ? await ctx.session.batch(statements) : []
  const byId = new Map(((owners?.results ?? []) as Owner[]).map((row) => [row.id, row]))
  const byPlace = new Map(((plans?.results ?? []) as PlanRow[]).map((row) => [keyOfPlace([row.accountId, row.time]), planOf(row)]))
  const shown = new Set(((withRevenue?.results ?? []) as { name: string }[]).map(({ name }) => name))
  return {
    ownerOf: (accountId) => byId.get(accountId),
    planAt: (...place) => byPlace.get(keyOfPlace(place)),
    showsRevenue: (schema) => shown.has(schema),
    rates: readExchangeRates(rates?.results),
  }
}
