import { type SQL, sql } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto, selectRows } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { formatDecimal, subtract } from '../../lib/decimal.ts'
import { ApiError, type Fault } from '../../lib/errors.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import { type ReadUpdate, showUpdate } from './queries.ts'
import type { LicenseUpdateResponse } from './schema.ts'
import { licenseUpdates, licenses } from './table.ts'
import { type Placement, type TimelineEntry, type TimelineUpdate, findLicenseFaults, insertUpdate, placeUpdate } from './timeline.ts'

/** An update of licences that is asked for. */
export interface AskedUpdate extends TimelineUpdate {
  licenseId: string
  metadata?: Readonly<Record<string, string>> | undefined
  /** The key of the caller, and the fingerprint of what was sent with it. */
  key?: { value: string; fingerprint: string } | undefined
}

/** An add-on, and how many updates the account had of it. */
interface LicenseRow {
  id: string
  type: string
  status: string
  version: number | null
  entries: number | null
}

/** An update that was made with a key of the caller before. */
export type KeptUpdate = Omit<ReadUpdate, 'id' | 'position'> & { key: string; fingerprint: string }

/** What updates of an account rest on: of each licence its add-on, its version, and the part of its timeline that they can change. */
export interface LicenseState {
  accountId: string
  licenses: ReadonlyMap<string, LicenseRow & { timeline: readonly TimelineEntry[] }>
  kept: readonly KeptUpdate[]
}

/** The most later entries that an update can move. */
const MOST_MOVED = 10_000

/** As many values of moved entries are sent in a statement. */
const MOVED_AT_ONCE = 2000

/** A row of the query of `selectLicenseState`: what it is, and its columns as JSON. */
export interface StateRow {
  kind: 'LICENSE' | 'BEFORE' | 'LATER' | 'KEPT'
  found: string
}

/**
 * The query for what updates of an account rest on, for `openLicenseState`: the add-ons with the versions of the account's licences, the
 * last entry before each licence's updates, those behind it up to one that sets the number, and the update that was made with a key before.
 *
 *     select 'LICENSE' as kind, json_object('id', …) as found from json_each(?) as sent cross join add_ons … left join licenses …
 *     union all select 'BEFORE', … union all select * from (select 'LATER', … limit ?) union all select 'KEPT', …
 */
export const selectLicenseState = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
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
  const [its, one] = [sql`its`, sql`one`]
  return selectRows(sql`
    select 'LICENSE' as kind, json_object('id', its.id, 'type', its.type, 'status', its.status, 'version', one.version, 'entries', one.entries) as found
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
      and its.account_id = ${accountId} and its.idempotency_key = sent.value`)
}

/** What the query of `selectLicenseState` has found. Throws UNPROCESSABLE if an update is followed by more entries than it can move. */
export const openLicenseState = (accountId: string, rows: readonly StateRow[]): LicenseState => {
  const found = (kind: StateRow['kind']): unknown[] =>
    rows.filter((row) => row.kind === kind).map((row) => JSON.parse(row.found) as unknown)
  const later = found('LATER')
  if (later.length > MOST_MOVED)
    throw new ApiError(
      'UNPROCESSABLE',
      `effectiveFrom: more than ${MOST_MOVED} later entries would change with it. First make an ABSOLUTE entry soon after it, or take a later time`,
    )
  const entries = Map.groupBy([...found('BEFORE'), ...later] as (TimelineEntry & { licenseId: string })[], ({ licenseId }) => licenseId)
  return {
    accountId,
    licenses: new Map(
      (found('LICENSE') as LicenseRow[]).map((row) => [
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
  }
}

const findAddOnFault = (id: string, addOn: LicenseRow | undefined): Fault[] => {
  const fault = (message: string): Fault[] => [{ path: ['licenseId'], message: `the add-on "${id}" ${message}` }]
  if (!addOn) return fault('does not exist')
  if (addOn.type === 'NAMED_LICENSE') return fault('is of type NAMED_LICENSE, whose names are added and removed by events')
  if (addOn.type !== 'LICENSE') return fault(`is of type ${addOn.type}, and must be of type LICENSE`)
  return addOn.status === 'ACTIVE' ? [] : fault('is archived')
}

type Placed = TimelineUpdate & { id: string; placement: Placement; asked: AskedUpdate; position: number }

const recordUpdate = (accountId: string, { id, asked, placement }: Placed): Draft<object>['changes'][number] => {
  const { licenseId, updateType, quantity, effectiveFrom, metadata } = asked
  const { moved, value, before } = placement
  const [first, last] = [moved[0], moved.at(-1)]
  return {
    type: 'LICENSE_UPDATE',
    id,
    fields: differences(undefined, {
      licenseId,
      accountId,
      updateType,
      quantity,
      value: formatDecimal(value),
      effectiveFrom: iso(effectiveFrom),
      ...(metadata && { metadata }),
      ...(first && {
        moved: {
          updates: moved.length,
          by: formatDecimal(subtract(value, before)),
          from: iso(first.entry.effectiveFrom),
          until: iso((last ?? first).entry.effectiveFrom),
        },
      }),
    }),
  }
}

const insertLicenses = insertInto(licenses)
const insertUpdates = insertInto(licenseUpdates)

const moveEntries = (organizationId: string, moved: readonly TimelineEntry[]): Statement[] =>
  Array.from({ length: Math.ceil(moved.length / MOVED_AT_ONCE) }, (_, part) => {
    const sent = moved.slice(part * MOVED_AT_ONCE, (part + 1) * MOVED_AT_ONCE).map(({ id, value }) => [id, value])
    return selectRows(sql`
      update license_updates set value = sent.value ->> 1 from json_each(${JSON.stringify(sent)}) as sent
      where license_updates.id = sent.value ->> 0 and +license_updates.organization_id = ${organizationId}`)
  })

const raiseVersion = (
  { organizationId }: Ctx,
  accountId: string,
  licenseId: string,
  row: LicenseRow | undefined,
  entries: number,
): Statement =>
  row && row.version !== null
    ? builder
        .update(licenses)
        .set({ version: row.version + 1, entries: (row.entries ?? 0) + entries })
        .where(
          sql`${licenses.organizationId} = ${organizationId} and ${licenses.accountId} = ${accountId} and ${licenses.licenseId} = ${licenseId}`,
        )
    : insertLicenses([{ organizationId, accountId, licenseId, version: 1, entries }])

/** The write of updates, which can be combined with others into one commit, and the updates as they are shown. */
export interface LicenseUpdatesDraft {
  draft: Omit<Draft<object>, 'answer'>
  updates: LicenseUpdateResponse[]
}

/**
 * Drafts updates of one account, one after another, from what they rest on; `caps` are the most licences that each may lead to.
 * Without a draft, `faults` says what is wrong with which of them. The commit of the draft is STALE if something has changed since.
 */
export const draftLicenseUpdates = (
  ctx: Ctx,
  { accountId, licenses: known }: LicenseState,
  asked: readonly AskedUpdate[],
  caps: readonly (string | undefined)[],
): LicenseUpdatesDraft | { faults: { index: number; fault: Fault }[] } => {
  const faults: { index: number; fault: Fault }[] = []
  const timelines = new Map<string, readonly TimelineEntry[]>()
  const placed: Placed[] = []
  for (const [index, update] of asked.entries()) {
    const { licenseId } = update
    const its = known.get(licenseId)
    const entries = timelines.get(licenseId) ?? its?.timeline ?? []
    const placement = placeUpdate(entries, update)
    const wrong = [...findAddOnFault(licenseId, its), ...findLicenseFaults(update, placement, caps[index])]
    if (wrong.length) faults.push(...wrong.map((fault) => ({ index, fault })))
    else {
      const made = placed.filter((one) => one.asked.licenseId === licenseId).length
      const one = { ...update, id: newId('LICENSE_UPDATE', ctx.now), placement, asked: update, position: (its?.entries ?? 0) + made }
      placed.push(one)
      timelines.set(licenseId, insertUpdate(entries, one, placement))
    }
  }
  if (faults.length) return { faults }
  const before = new Map([...known.values()].flatMap(({ timeline }) => timeline.map(({ id, value }) => [id, value] as const)))
  const after = [...timelines.values()].flat()
  const values = new Map(after.map(({ id, value }) => [id, value]))
  const rows = placed.map(({ id, asked: { licenseId, updateType, quantity, effectiveFrom, metadata, key }, position }) => ({
    id,
    organizationId: ctx.organizationId,
    accountId,
    licenseId,
    updateType,
    quantity,
    value: values.get(id) ?? '0',
    effectiveFrom,
    position,
    metadata: metadata ?? null,
    idempotencyKey: key?.value ?? null,
    fingerprint: key?.fingerprint ?? null,
    createdAt: ctx.now,
  }))
  const counts = Map.groupBy(rows, ({ licenseId }) => licenseId)
  return {
    draft: {
      statements: [
        ...Array.from(counts, ([licenseId, { length }]) => raiseVersion(ctx, accountId, licenseId, known.get(licenseId), length)),
        insertUpdates(rows),
        ...moveEntries(
          ctx.organizationId,
          after.filter(({ id, value }) => before.has(id) && before.get(id) !== value),
        ),
      ],
      changes: placed.map((one) => recordUpdate(accountId, one)),
    },
    updates: rows.map(showUpdate),
  }
}
