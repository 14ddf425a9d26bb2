import { type SQL, sql } from 'drizzle-orm'
import { draftForgetting, sealBeforeForgetting, type AuditPlace } from '../../access/audit/service.ts'
import type { Ctx } from '../../db/context.ts'
import { ERASED as ERASED_STATUS } from '../../db/idempotency.ts'
import { selectRows } from '../../db/statements.ts'
import { clearFolder } from '../../reports/files/service.ts'
import { iso } from '../../lib/time.ts'
import type { ErasureRow, Slice } from './slice.ts'
import { isAuditOf, isGroupOf, isJobOf, isSettingOf, namesSubject, subjectOf } from './subjects.ts'
import { ERASED, ERASED_EMAIL, countTexts, eraseAccounts, eraseTexts, listIds } from './texts.ts'

/** Accounts, rows and files of one slice. */
const [ACCOUNTS, ROWS, FILES] = [25, 500, 20]

const sum = (rows: readonly object[] | undefined): Record<string, number> => ({ ...rows?.[0] })

/** The next ids of accounts of a customer, in their order. */
export const readAccounts = async (ctx: Ctx, customerId: string, after: string, limit: number): Promise<string[]> => {
  const rows = await ctx.session.rows<{ id: string }>(
    selectRows(sql`
      select id from accounts where organization_id = ${ctx.organizationId} and customer_id = ${customerId} and status = 'ARCHIVED' and id > ${after}
      order by id limit ${limit}`),
  )
  return rows.map(({ id }) => id)
}

/** Erases accounts, and what people have written beside them. */
export const eraseAccountsSlice = async (ctx: Ctx, { customerId, cursor }: ErasureRow): Promise<Slice> => {
  const ids = await readAccounts(ctx, customerId, (cursor as string | null) ?? '', ACCOUNTS)
  if (!ids.length) return { statements: [] }
  const [texts] = await ctx.session.batch<object>([countTexts(ctx, listIds(ids))])
  return {
    statements: [eraseAccounts(ctx, ids), ...eraseTexts(ctx, ids)],
    changes: ids.map((id) => ({ type: 'ACCOUNT', id, fields: { erasedAt: [null, iso(ctx.now)] } })),
    due: ids.map((id) => ({ kind: 'ACCOUNT_CHANGED', subject: id, dueAt: ctx.now })),
    erased: { accounts: ids.length, ...sum(texts?.results) },
    next: ids.length === ACCOUNTS ? ids.at(-1) : undefined,
  }
}

/** Answers that are kept for keys and are about the customer. That of the erasure itself stays. */
export const isKeptAnswerOf = (organizationId: string, customerId: string): SQL =>
  sql`its.status <> ${ERASED_STATUS} and json_extract(its.body, '$.erasedBy') is null and ${namesSubject({ organizationId, customerId }, sql`its.body`)}`

/** Walks over the rows of a table by one column, and erases what is chosen of them. */
const walk = async (
  ctx: Ctx,
  { cursor }: ErasureRow,
  { rows, isChosen, update, name }: { rows: (after: string) => SQL; isChosen: SQL; update: (keys: SQL) => SQL; name: string },
): Promise<Slice> => {
  const read = await ctx.session.rows<{ key: string; isChosen: number }>(
    selectRows(
      sql`select its.key, iif(${isChosen}, 1, 0) as isChosen from (${rows((cursor as string | null) ?? '')}) as its order by its.key`,
    ),
  )
  const chosen = read.flatMap((row) => (row.isChosen === 1 ? [row.key] : []))
  return {
    statements: chosen.length ? [selectRows(update(listIds(chosen)))] : [],
    erased: { [name]: chosen.length },
    next: read.length === ROWS ? read.at(-1)?.key : undefined,
  }
}

/** Erases answers that are kept for an Idempotency-Key. The key stays taken. */
export const eraseAnswersSlice = (ctx: Ctx, erasure: ErasureRow): Promise<Slice> => {
  const { organizationId } = ctx
  return walk(ctx, erasure, {
    name: 'answers',
    rows: (after) =>
      sql`select key, status, body from idempotency_keys where organization_id = ${organizationId} and key > ${after} order by key limit ${ROWS}`,
    isChosen: isKeptAnswerOf(organizationId, erasure.customerId),
    update: (keys) => sql`
      update idempotency_keys set status = ${ERASED_STATUS}, body = '{}', location = null, etag = null
      where organization_id = ${organizationId} and key in (${keys})`,
  })
}

/** Whether a webhook shows something of the customer. One that shows only an id has nothing else to lose. */
export const isWebhookOf = (organizationId: string, customerId: string): SQL => sql`
  (select count(*) from json_each(its.body, '$.data')) > 1 and ${namesSubject({ organizationId, customerId }, sql`its.body`)}`

/** Erases the bodies of webhooks. What is still to be sent is sent with the id of the resource only. */
export const eraseWebhooksSlice = (ctx: Ctx, erasure: ErasureRow): Promise<Slice> => {
  const { organizationId } = ctx
  return walk(ctx, erasure, {
    name: 'webhooks',
    rows: (after) =>
      sql`select id as key, body from webhook_events where organization_id = ${organizationId} and id > ${after} order by id limit ${ROWS}`,
    isChosen: isWebhookOf(organizationId, erasure.customerId),
    update: (keys) => sql`
      update webhook_events set body = json_set(body, '$.data', json_object('id', resource_id))
      where organization_id = ${organizationId} and id in (${keys})`,
  })
}

/** Deletes values from the audit log. Their digests stay in its chain. */
export const eraseAuditSlice = async (ctx: Ctx, { customerId, cursor }: ErasureRow): Promise<Slice> => {
  if (!cursor) await sealBeforeForgetting(ctx)
  const after = (cursor as AuditPlace | null) ?? [-1, -1]
  const { statements, count, next } = await draftForgetting(ctx, isAuditOf(subjectOf(ctx, customerId)), after)
  return { statements, erased: { auditEntries: count }, next }
}

/** Erases the events that jobs were to ingest in place of others, and the reasons of their entries. A job that is not over is waited for. */
export const eraseJobsSlice = async (ctx: Ctx, { customerId }: ErasureRow): Promise<Slice> => {
  const { organizationId } = ctx
  const subject = subjectOf(ctx, customerId)
  const rows = await ctx.session.rows<{ id: string; isOpen: number }>(
    selectRows(sql`
      select id, settled_at is null as isOpen from jobs where organization_id = ${organizationId} and ${isJobOf(subject, 'jobs')}
        and (settled_at is null or request ->> 'event' is not null or exists (
          select 1 from job_entries as entry where entry.job_id = jobs.id and entry.metadata is not null
        )) limit ${ROWS}`),
  )
  if (rows.some(({ isOpen }) => isOpen === 1)) return { statements: [], next: null, waits: true }
  const ids = listIds(rows.map(({ id }) => id))
  return {
    statements: rows.length
      ? [
          selectRows(sql`
            update jobs set request = json_remove(request, '$.event'), version = version + 1 where organization_id = ${organizationId} and id in (${ids})`),
          selectRows(sql`update job_entries set metadata = null where organization_id = ${organizationId} and job_id in (${ids})`),
        ]
      : [],
    erased: { jobs: rows.length },
    next: rows.length === ROWS ? true : undefined,
  }
}

/** Erases the settings of the customer, of its accounts and of invoice groups that had no others, and these groups. */
export const eraseSettingsSlice = async (ctx: Ctx, { customerId }: ErasureRow): Promise<Slice> => {
  const { organizationId, now } = ctx
  const subject = subjectOf(ctx, customerId)
  const isIts = sql`organization_id = ${organizationId} and ${isSettingOf(subject, 'settings')}`
  const isGroup = sql`organization_id = ${organizationId} and status = 'ARCHIVED' and name <> ${ERASED} and ${isGroupOf(subject, sql`invoice_groups.id`)}`
  const [counted] = await ctx.session.batch<object>([
    selectRows(sql`
      select (select count(*) from settings where ${isIts}) as settings, (select count(*) from invoice_groups where ${isGroup}) as invoiceGroups`),
  ])
  return {
    statements: [
      selectRows(sql`delete from settings where ${isIts}`),
      selectRows(sql`
        update invoice_groups set name = ${ERASED}, email = ${ERASED_EMAIL}, address = '{}', updated_at = max(updated_at, ${now}), version = version + 1
        where ${isGroup}`),
    ],
    erased: sum(counted?.results),
  }
}

/** The condition for a file that was made before the erasure, which may have rows of the customer. */
export const isFileBefore = (organizationId: string, startedAt: number): SQL =>
  sql`organization_id = ${organizationId} and deleted_at is null and created_at <= ${startedAt}`

/** Deletes the files of reports that were made before. A report that is being made is waited for. */
export const eraseFilesSlice = async (ctx: Ctx, { startedAt }: ErasureRow): Promise<Slice> => {
  const { organizationId, now } = ctx
  const [making, found] = await ctx.session.batch<{ id: string; key: string }>([
    selectRows(sql`
      select id from reports where organization_id = ${organizationId} and created_at <= ${startedAt} and status not in ('COMPLETED', 'FAILED') limit 1`),
    selectRows(sql`select id, key from files where ${isFileBefore(organizationId, startedAt)} order by id limit ${FILES}`),
  ])
  const files = found?.results ?? []
  if (making?.results.length) return { statements: [], next: null, waits: true }
  if (!files.length) return { statements: [] }
  for (const { key } of files) if (ctx.files) await clearFolder(ctx.files, key.slice(0, key.lastIndexOf('/') + 1))
  const ids = listIds(files.map(({ id }) => id))
  return {
    statements: [
      selectRows(sql`update files set deleted_at = ${now}, name = ${ERASED} where organization_id = ${organizationId} and id in (${ids})`),
      selectRows(sql`delete from due where organization_id = ${organizationId} and kind = 'FILE' and subject in (${ids})`),
    ],
    changes: files.map(({ id }) => ({ type: 'FILE', id, fields: { deletedAt: [null, iso(now)] } })),
    erased: { files: files.length },
    next: true,
  }
}
