import { sql } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import type { Statement } from '../../db/client.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING } from '../../db/due.ts'
import { builder, insertInto, selectRows } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { formatDecimal, subtract } from '../../lib/decimal.ts'
import { ApiError, type Fault } from '../../lib/errors.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import { showUpdate } from './queries.ts'
import type { LicenseUpdateResponse } from './schema.ts'
import { type AskedUpdate, type LicenseRow, type LicenseState, MOST_MOVED } from './state.ts'
import { licenseUpdates, licenses } from './table.ts'
import { type Placement, type TimelineEntry, type TimelineUpdate, findLicenseFaults, insertUpdate, placeUpdate } from './timeline.ts'

/** As many values of moved entries are sent in a statement. */
const MOVED_AT_ONCE = 2000

const TOO_LONG = new ApiError(
  'UNPROCESSABLE',
  `effectiveFrom: more than ${MOST_MOVED} later entries would change with it. First make an ABSOLUTE entry soon after it, or take a later time.`,
)

const findAddOnFault = (id: string, accountId: string, addOn: LicenseRow | undefined): Fault[] => {
  const fault = (message: string): Fault[] => [{ path: ['licenseId'], message: `the add-on "${id}" ${message}` }]
  if (!addOn) return fault('does not exist')
  const { aliasOf } = addOn
  if (aliasOf !== null)
    return [{ path: ['accountId'], message: `must be the id of an account, and "${accountId}" is an alias of the account "${aliasOf}"` }]
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

/** The statement that refuses updates if other plans are in force for the account than their limits rest on. */
const holdPlans = ({ organizationId }: Ctx, accountId: string, activeVersion: number): Statement[] => [
  refuseWhen(
    'STALE',
    sql`
      select '[]' from timelines
      where organization_id = ${organizationId} and account_id = ${accountId} and active_version <> ${activeVersion}`,
  ),
]

/** The write of updates, which can be combined with others into one commit, and the updates as they are shown. */
export interface LicenseUpdatesDraft {
  draft: Omit<Draft<object>, 'answer'>
  updates: LicenseUpdateResponse[]
}

/**
 * Drafts updates of one account, one after another, from what they rest on.
 * Without a draft, `faults` says what is wrong with which of them. The commit of the draft is STALE if something has changed since.
 * Throws UNPROCESSABLE if one of them is followed by more entries than it can move.
 */
export const draftLicenseUpdates = (
  ctx: Ctx,
  { accountId, licenses: known, isTooLong, caps, activeVersion }: LicenseState,
  asked: readonly AskedUpdate[],
): LicenseUpdatesDraft | { faults: { index: number; fault: Fault }[] } => {
  if (isTooLong) throw TOO_LONG
  const faults: { index: number; fault: Fault }[] = []
  const timelines = new Map<string, readonly TimelineEntry[]>()
  const placed: Placed[] = []
  for (const [index, update] of asked.entries()) {
    const { licenseId } = update
    const its = known.get(licenseId)
    const entries = timelines.get(licenseId) ?? its?.timeline ?? []
    const placement = placeUpdate(entries, update)
    const ownCaps = caps.filter((cap) => cap.licenseId === licenseId)
    const wrong = [...findAddOnFault(licenseId, accountId, its), ...findLicenseFaults(update, placement, ownCaps, ctx.now)]
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
    /** Two updates at once count in the order in which they are written, and are made in that order too. */
    createdAt: Math.max(ctx.now, known.get(licenseId)?.lastAt ?? 0),
  }))
  const counts = Map.groupBy(rows, ({ licenseId }) => licenseId)
  return {
    draft: {
      statements: [
        ...holdPlans(ctx, accountId, activeVersion),
        ...Array.from(counts, ([licenseId, { length }]) => raiseVersion(ctx, accountId, licenseId, known.get(licenseId), length)),
        insertUpdates(rows),
        ...moveEntries(
          ctx.organizationId,
          after.filter(({ id, value }) => before.has(id) && before.get(id) !== value),
        ),
      ],
      changes: placed.map((one) => recordUpdate(accountId, one)),
      due: caps.some(({ isAdvanced }) => isAdvanced) ? [{ kind: BILLING, subject: accountId, dueAt: ctx.now }] : [],
    },
    updates: rows.map(showUpdate),
  }
}
