import { type SQL, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import type { ReadUpdate } from './queries.ts'
import type { TimelineEntry, TimelineUpdate } from './timeline.ts'

/** An update of licences that is asked for. */
export interface AskedUpdate extends TimelineUpdate {
  licenseId: string
  metadata?: Readonly<Record<string, string>> | undefined
  /** The key of the caller, and the fingerprint of what was sent with it. */
  key?: { value: string; fingerprint: string } | undefined
}

/** An add-on, and how many updates the account had of it. */
export interface LicenseRow {
  id: string
  type: string
  status: string
  version: number | null
  entries: number | null
  /** When the last of them was made. */
  lastAt: number | null
  /** The version of what is in force for the account. Null if it never had a plan. */
  activeVersion: number | null
  /** The account that has what was sent as the id of an account for an alias. */
  aliasOf: string | null
  /** When something of the bills of the account is due next, in milliseconds. */
  billingDueAt: number | null
}

/** An update that was made with a key of the caller before. */
export type KeptUpdate = Omit<ReadUpdate, 'id' | 'position'> & { key: string; fingerprint: string }

/** The most licences of an add-on that an account may have while a plan is in force, from an instant until before another (milliseconds). */
export interface LicenseCap {
  licenseId: string
  from: number
  until: number
  /** A whole number, or null without a limit. */
  cap: string | null
  /** Whether it is paid for in advance, so that a change is charged at once. */
  isAdvanced: boolean
  /** What sets the limit: the price plan, its version, and what the account has instead of parts of it. */
  plan: string
}

/** The name of what sets a limit. */
export const nameOfPlan = (pricePlanId: string, version: number, overrideId: string | null): string =>
  [pricePlanId, version, overrideId ?? ''].join(' ')

/** What updates of an account rest on: of each licence its add-on, its version, and the part of its timeline that they can change. */
export interface LicenseState {
  accountId: string
  licenses: ReadonlyMap<string, LicenseRow & { timeline: readonly TimelineEntry[] }>
  kept: readonly KeptUpdate[]
  /** The limits that the plans of the account set from the first of the updates on. */
  caps: readonly LicenseCap[]
  /** The version of what is in force for the account, on which the limits rest. */
  activeVersion: number
  /** Whether an update is followed by more entries than it can move. */
  isTooLong: boolean
  billingDueAt: number | null
}

/** The most later entries that an update can move. */
export const MOST_MOVED = 10_000

/** A row of the query of `selectLicenseState`: what it is, and its columns as JSON. */
export interface StateRow {
  kind: 'LICENSE' | 'BEFORE' | 'LATER' | 'KEPT' | 'CAP'
  found: string
}

/**
 * The query for what updates of an account rest on, for `openLicenseState`: the add-ons with the versions of the account's licences, the
 * last entry before each licence's updates, those behind it up to one that sets the number, the update that was made with a key before,
 * and the limits of its plans.
 *
 *     select 'LICENSE' as kind, json_object('id', …) as found from json_each(?) as sent cross join add_ons … left join licenses …
 *     union all select 'BEFORE', … union all select * from (select 'LATER', … limit ?) union all select 'KEPT', … union all select 'CAP', …
 */
export const selectLicenseState = (
  { organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>,
  accountId: string,
  asked: readonly AskedUpdate[],
): Statement => {
  const spans = Map.groupBy(asked, ({ licenseId }) => licenseId)
  const sent = JSON.stringify(
    Array.from(spans, ([licenseId, its]) => {
      const times = its.map(({ effectiveFrom }) => effectiveFrom)
      return [licenseId, Math.min(...times), Math.max(...times)]
    }),
  )
  const keys = JSON.stringify(asked.flatMap(({ key }) => (key ? [key.value] : [])))
  const from = sql`json_each(${sent}) as sent`
  const ofLicense = (table: SQL): SQL =>
    sql`${table}.organization_id = ${organizationId} and ${table}.account_id = ${accountId} and ${table}.license_id = sent.value ->> 0`
  const entry = sql`json_object('licenseId', its.license_id, 'id', its.id, 'updateType', its.update_type, 'effectiveFrom', its.effective_from, 'value', its.value)`
  const [its, one, made] = [sql`its`, sql`one`, sql`made`]
  return selectRows(sql`
    select 'LICENSE' as kind, json_object('id', its.id, 'type', its.type, 'status', its.status, 'version', one.version, 'entries', one.entries,
      'lastAt', (select max(made.created_at) from license_updates as made where ${ofLicense(made)}),
      'billingDueAt', (select due_at from due where organization_id = ${organizationId} and kind = ${BILLING} and subject = ${accountId}),
      'activeVersion', (select active_version from timelines where organization_id = ${organizationId} and account_id = ${accountId}),
      'aliasOf', (
        select owner.id from account_aliases as alias cross join accounts as owner on owner.togai_account_id = alias.togai_account_id
        where alias.organization_id = ${organizationId} and alias.value = ${accountId} and alias.effective_until > ${now} limit 1)) as found
    from ${from} cross join add_ons as its on its.id = sent.value ->> 0 and its.organization_id = ${organizationId}
      left join licenses as one on ${ofLicense(one)}
    union all
    select 'BEFORE', ${entry} from ${from} cross join license_updates as its on its.id = (
      select one.id from license_updates as one where ${ofLicense(one)} and one.effective_from <= sent.value ->> 1
      order by one.effective_from desc, one.position desc limit 1
    )
    union all
    select * from (
      select 'LATER', ${entry} from ${from} cross join license_updates as its on ${ofLicense(its)}
        and its.effective_from > sent.value ->> 1 and its.effective_from <= coalesce((
          select one.effective_from from license_updates as one
          where ${ofLicense(one)} and one.effective_from > sent.value ->> 2 and one.update_type = 'ABSOLUTE'
          order by one.effective_from limit 1
        ), 9e15)
      order by its.license_id, its.effective_from, its.position limit ${MOST_MOVED + 1}
    )
    union all
    select 'KEPT', json_object('licenseId', its.license_id, 'accountId', its.account_id, 'value', its.value, 'effectiveFrom', its.effective_from,
      'metadata', json(its.metadata), 'createdAt', its.created_at, 'key', its.idempotency_key, 'fingerprint', its.fingerprint)
    from json_each(${keys}) as sent cross join license_updates as its on its.organization_id = ${organizationId}
      and its.account_id = ${accountId} and its.idempotency_key = sent.value
    union all
    select 'CAP', json_object('licenseId', sent.value ->> 0, 'from', its.start_at, 'until', its.end_at, 'pricePlanId', its.price_plan_id,
      'version', its.plan_version, 'overrideId', its.override_id,
      'cap', card.value ->> '$.rateCardDetails.licenseRateCard.config.maxQuantity',
      'timing', card.value ->> 'invoiceTiming')
    from ${from}
    cross join schedules as its on its.organization_id = ${organizationId} and its.account_id = ${accountId} and its.state = 'ACTIVE'
      and its.end_at > sent.value ->> 1
    cross join price_plan_versions as version on version.price_plan_id = its.price_plan_id and version.plan_version = its.plan_version
    left join schedule_overrides as own on own.organization_id = its.organization_id and own.id = its.override_id
    cross join json_each(coalesce(own.content -> '$.cards', version.cards)) as card
    where card.value ->> 'type' = 'LICENSE' and card.value ->> 'billableId' = sent.value ->> 0`)
}

/** What the query of `selectLicenseState` has found. */
export const openLicenseState = (accountId: string, rows: readonly StateRow[]): LicenseState => {
  const found = (kind: StateRow['kind']): unknown[] =>
    rows.filter((row) => row.kind === kind).map((row) => JSON.parse(row.found) as unknown)
  const later = found('LATER')
  const caps = found('CAP') as (Omit<LicenseCap, 'cap' | 'plan' | 'isAdvanced'> & {
    timing: string
    pricePlanId: string
    version: number
    overrideId: string | null
    cap: string | number | null
  })[]
  const addOns = found('LICENSE') as LicenseRow[]
  const entries = Map.groupBy([...found('BEFORE'), ...later] as (TimelineEntry & { licenseId: string })[], ({ licenseId }) => licenseId)
  return {
    accountId,
    licenses: new Map(
      addOns.map((row) => [
        row.id,
        {
          ...row,
          timeline: (entries.get(row.id) ?? []).map(({ id, updateType, effectiveFrom, value }) => ({
            id,
            updateType,
            effectiveFrom,
            value,
          })),
        },
      ]),
    ),
    kept: found('KEPT') as KeptUpdate[],
    caps: caps.map(({ pricePlanId, version: planVersion, overrideId, cap, timing, ...rest }) => ({
      ...rest,
      cap: cap === null ? null : String(cap),
      isAdvanced: timing === 'IN_ADVANCE',
      plan: nameOfPlan(pricePlanId, planVersion, overrideId),
    })),
    activeVersion: addOns[0]?.activeVersion ?? 0,
    isTooLong: later.length > MOST_MOVED,
    billingDueAt: addOns[0]?.billingDueAt ?? null,
  }
}
