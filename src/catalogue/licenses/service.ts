import { sql } from 'drizzle-orm'
import { doDueFirst } from '../../access/due/service.ts'
import { type Reply, commit } from '../../db/commit.ts'
import { retryWhenStale } from '../../db/change.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING } from '../../db/due.ts'
import { builder } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, notFound, refuseFaults } from '../../lib/errors.ts'
import { sha256 } from '../../lib/hash.ts'
import { randomBase62 } from '../../lib/ids.ts'
import { LEDGER_PAGE, closePage, openPage } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import type { LicenseChange } from '../../rating/licenses.ts'
import { draftLicenseUpdates } from './draft.ts'
import { type LicenseLookup, readLastAt, readUpdates, selectChanges, showUpdate } from './queries.ts'
import type {
  GetLicenseUpdatesQuery,
  GetLicenseUpdatesResponse,
  LicenseEntryDetailsUpdateRequest,
  LicenseUpdateRequest,
  LicenseUpdateResponse,
  UpdateLicenseEntryQuery,
} from './schema.ts'
import { accountsIn, licenseIn, selectOwnAccounts } from './scope.ts'
import { type AskedUpdate, type LicenseState, type StateRow, openLicenseState, selectLicenseState } from './state.ts'
import { licenseUpdates, licenses } from './table.ts'
import { shortToken } from './token.ts'

export { type LicenseUpdatesDraft, draftLicenseUpdates } from './draft.ts'
export {
  type AskedUpdate,
  type LicenseCap,
  type LicenseState,
  type StateRow,
  nameOfPlan,
  openLicenseState,
  selectLicenseState,
} from './state.ts'
export { getNamedLicenseUpdates, readLicensedNames } from './names.ts'
export type { LicenseLookup } from './queries.ts'

/** Reads what updates of an account rest on. The bills that are due are made first, so that an update changes none from before it. */
export const readLicenseState = async (ctx: Ctx, accountId: string, asked: readonly AskedUpdate[]): Promise<LicenseState> => {
  for (;;) {
    const state = openLicenseState(accountId, await ctx.session.rows<StateRow>(selectLicenseState(ctx, accountId, asked)))
    const { billingDueAt } = state
    if (billingDueAt === null || !(await doDueFirst(ctx, [{ kind: BILLING, subject: accountId, dueAt: billingDueAt }]))) return state
  }
}

/** The fingerprint of an update, which is the same for every request that sends the same. It begins with its salt, since metadata can be personal. */
const fingerprintOf = async (
  { licenseId, updateType, quantity, effectiveFrom, metadata }: LicenseUpdateRequest,
  salt: string,
): Promise<string> => {
  const sorted = metadata ? Object.entries(metadata).toSorted(([one], [other]) => (one < other ? -1 : 1)) : null
  return `${salt}.${await sha256(JSON.stringify([salt, licenseId, updateType, quantity, effectiveFrom ?? null, sorted]))}`
}

const saltOf = (fingerprint: string): string => fingerprint.slice(0, fingerprint.indexOf('.'))

const KEY_USED = new ApiError('UNPROCESSABLE', 'idempotencyKey: was used for another entry of the account. Take a new key.')

/** Changes the number of licences of an account, from a time on. The update that was made with the same key before is answered again. */
export const addLicenseUpdateEntry = async (ctx: Ctx, input: LicenseUpdateRequest): Promise<Reply<LicenseUpdateResponse>> => {
  const { licenseId, accountId, updateType, quantity, effectiveFrom = ctx.now, idempotencyKey, metadata } = input
  const key = idempotencyKey === undefined ? undefined : { value: idempotencyKey, fingerprint: await fingerprintOf(input, randomBase62(2)) }
  const asked: AskedUpdate[] = [{ licenseId, updateType, quantity, effectiveFrom, metadata, key }]
  return retryWhenStale(async () => {
    const state = await readLicenseState(ctx, accountId, asked)
    const [kept] = state.kept
    if (kept && kept.fingerprint !== (await fingerprintOf(input, saltOf(kept.fingerprint)))) throw KEY_USED
    if (kept) return { answer: showUpdate(kept) }
    const drafted = draftLicenseUpdates(ctx, state, asked)
    if ('faults' in drafted) {
      refuseFaults(
        'INVALID',
        drafted.faults.map(({ fault }) => fault),
      )
      throw new Error('an update is neither drafted nor refused')
    }
    const [answer] = drafted.updates
    return commit(ctx, { ...drafted.draft, answer: answer as LicenseUpdateResponse })
  })
}

/** Lists updates of licences, page by page. */
export const getLicenseUpdates = async (ctx: Ctx, query: GetLicenseUpdatesQuery): Promise<Reply<GetLicenseUpdatesResponse>> => {
  const { account_id: account, effectiveFrom, nextToken, pageSize, _sort } = query
  const token = shortToken('license_update.')
  const page = await openPage(
    ctx,
    {
      ...LEDGER_PAGE,
      token,
      sortable: ['created_at', 'effective_from'],
      sort: [
        ['created_at', 'DESC'],
        ['id', 'ASC'],
      ],
    },
    {
      nextToken,
      pageSize,
      _sort,
      account_id: account,
      license_id: licenseIn(query),
      effective_from: effectiveFrom === undefined ? undefined : String(effectiveFrom),
    },
  )
  const { filters, sort, after, since, size } = page
  const asked = filters['account_id']
  const own = ctx.portal && (await ctx.session.rows(selectOwnAccounts(ctx, asked)))
  const [field, direction] = sort[0] ?? ['created_at', 'DESC']
  const rows = await readUpdates(ctx, {
    accounts: accountsIn(ctx, asked, own),
    license: filters['license_id'],
    from: filters['effective_from'] === undefined ? undefined : Number(filters['effective_from']),
    field: field === 'effective_from' ? 'effective_from' : 'created_at',
    direction,
    after,
    since,
    limit: size + 1,
  })
  const { visible, ...next } = await closePage(
    ctx,
    { ...page, sort: [field, 'position', 'id'].map((one) => [one, direction]) },
    rows,
    (row, of) => ({ created_at: row.createdAt, effective_from: row.effectiveFrom, position: row.position })[of] ?? row.id,
    { token },
  )
  return { answer: { data: visible.map(showUpdate), ...next } }
}

/** Togai's clients leave this in the path, and name the add-on in the query. */
const UNFILLED = '{license_id}'

const refuseLicenseId = (message: string): void => refuseFaults('INVALID', [{ path: ['licenseId'], message }])

const licenseOfPath = (path: string, { licenseId }: UpdateLicenseEntryQuery): string => {
  if (path === UNFILLED && licenseId === undefined) refuseLicenseId('is required, since the path does not name the add-on')
  if (path !== UNFILLED && licenseId !== undefined && licenseId !== path)
    refuseLicenseId('must be the add-on that the path names, or be left out')
  return licenseId ?? path
}

/** Replaces the notes about an update. */
export const updateLicenseEntryDetails = async (
  ctx: Ctx,
  path: string,
  query: UpdateLicenseEntryQuery,
  { accountId, effectiveFrom, metadata }: LicenseEntryDetailsUpdateRequest,
): Promise<Reply<LicenseUpdateResponse>> => {
  const licenseId = licenseOfPath(path, query)
  const { organizationId } = ctx
  const isLicense = sql`organization_id = ${organizationId} and account_id = ${accountId} and license_id = ${licenseId}`
  return retryWhenStale(async () => {
    const row = await readLastAt(ctx, accountId, licenseId, effectiveFrom)
    if (!row) throw notFound('license entry', `${licenseId} of ${accountId} from ${iso(effectiveFrom)}`)
    const answer = showUpdate({ ...row, metadata })
    const fields = differences({ metadata: row.metadata }, { metadata })
    if (!Object.keys(fields).length) return { answer }
    return commit(ctx, {
      statements: [
        builder
          .update(licenses)
          .set({ version: row.version + 1 })
          .where(isLicense),
        builder
          .update(licenseUpdates)
          .set({ metadata })
          .where(sql`organization_id = ${organizationId} and id = ${row.id}`),
      ],
      changes: [{ type: 'LICENSE_UPDATE', id: row.id, fields }],
      answer,
    })
  })
}

/**
 * How many licences accounts have of add-ons, for each lookup by their ids: what changed before `until`. Of what changed before `from`, only
 * the last change is read.
 */
export const readLicenseChangesOf = async (ctx: Ctx, lookups: readonly LicenseLookup[]): Promise<Map<string, LicenseChange[]>[]> => {
  const found = lookups.map(({ licenseIds }) => new Map<string, LicenseChange[]>(licenseIds.map((id) => [id, []])))
  if (!lookups.some(({ licenseIds }) => licenseIds.length)) return found
  const rows = await ctx.session.rows<{ lookup: number; licenseId: string; at: number; value: string; entries: number }>(
    selectChanges(ctx, lookups),
  )
  for (const { lookup, licenseId, at, value, entries } of rows) found[lookup]?.get(licenseId)?.push({ at, quantity: value, entries })
  return found
}

/** How many licences an account has of add-ons, as `readLicenseChangesOf` reads it. Times are in milliseconds. */
export const readLicenseChanges = async (
  ctx: Ctx,
  accountId: string,
  licenseIds: readonly string[],
  until: number,
  from = 0,
): Promise<Map<string, LicenseChange[]>> => {
  const [changes] = await readLicenseChangesOf(ctx, [{ accountId, licenseIds, from, until }])
  return changes ?? new Map<string, LicenseChange[]>()
}
