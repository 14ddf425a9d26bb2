import { and, eq, sql } from 'drizzle-orm'
import { willHavePersonalValues } from '../../access/audit/service.ts'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { setDue } from '../../db/due.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { countInLedgers } from './events.ts'
import { findErasure, insertErasures, listErasureRows } from './queries.ts'
import type { Erasure, ErasurePaginatedResponse, ListErasuresQuery } from './schema.ts'
import type { ErasureRow } from './slice.ts'
import { isAuditOf, isJobOf, isSettingOf, subjectOf } from './subjects.ts'
import { PLACES, erasures } from './table.ts'
import { countContacts, countTexts, eraseCustomerRow, listAccounts, listGroups } from './texts.ts'
import { countFiles, isKeptAnswerOf, isWebhookOf } from './walks.ts'

export { continueErasure } from './continue.ts'

/** The kind of due work that goes on with an erasure. Its subject is the id of the customer. */
export const ERASURE = 'ERASURE'

const show = (row: ErasureRow): Erasure => ({
  customerId: row.customerId,
  number: row.number,
  status: row.status,
  found: row.found,
  erased: row.erased,
  erasedBy: row.erasedBy,
  startedAt: iso(row.startedAt),
  updatedAt: iso(row.updatedAt),
  ...(row.endedAt !== null && { completedAt: iso(row.endedAt) }),
})

const readVersion = async ({ session, organizationId }: Ctx, customerId: string): Promise<number> => {
  const [row] = await session.rows<{ version: number }>(
    selectRows(sql`select version from customers where organization_id = ${organizationId} and id = ${customerId}`),
  )
  if (!row) throw notFound('customer', customerId)
  return row.version
}

/** The most rows of a table that are looked at to say what there is to be erased. */
const MOST_COUNTED = 100_000

/** What there is to be erased, by what it is. */
const countAll = async (ctx: Ctx, customerId: string): Promise<Record<string, number>> => {
  const { organizationId } = ctx
  const subject = subjectOf(ctx, customerId)
  const [texts, contacts, ...rest] = await ctx.session.batch<Record<string, number>>([
    countTexts(ctx, sql`${listAccounts(subject)} union all ${listGroups(subject)}`),
    countContacts(subject),
    selectRows(sql`select count(*) as accounts from (${listAccounts(subject)})`),
    selectRows(
      sql`select count(*) as answers from (select * from idempotency_keys where organization_id = ${organizationId} limit ${MOST_COUNTED}) as its where ${isKeptAnswerOf(organizationId, customerId)}`,
    ),
    selectRows(
      sql`select count(*) as webhooks from (select * from webhook_events where organization_id = ${organizationId} order by id desc limit ${MOST_COUNTED}) as its where ${isWebhookOf(organizationId, customerId)}`,
    ),
    selectRows(sql`
      select count(*) as auditEntries from (
        select * from audit_log where organization_id = ${organizationId} order by at desc, sequence desc limit ${MOST_COUNTED}
      ) as its where ${willHavePersonalValues} and (${isAuditOf(subject)})`),
    selectRows(sql`select count(*) as jobs from jobs where organization_id = ${organizationId} and ${isJobOf(subject, 'jobs')}`),
    selectRows(
      sql`select count(*) as settings from settings where organization_id = ${organizationId} and ${isSettingOf(subject, 'settings')}`,
    ),
    selectRows(sql`select count(*) as invoiceGroups from (${listGroups(subject)})`),
    countFiles(subject),
  ])
  return Object.assign(
    {},
    ...[texts, contacts, ...rest].map((result) => result?.results[0]),
    await countInLedgers(ctx, customerId),
  ) as Record<string, number>
}

/** Drafts the beginning of an erasure: the customer and its contacts are erased at once, and the rest from place to place, by `scheduled`. */
const draftBeginning = async (ctx: Ctx, customerId: string, version: number, former: ErasureRow | undefined): Promise<Draft<Erasure>> => {
  const { organizationId, now } = ctx
  const found = await countAll(ctx, customerId)
  const row: ErasureRow = {
    organizationId,
    customerId,
    number: (former?.number ?? 0) + 1,
    status: 'IN_PROGRESS',
    place: PLACES[0],
    cursor: null,
    found,
    erased: { customers: 1, contacts: found['contacts'] ?? 0 },
    erasedBy: ctx.actor,
    startedAt: now,
    updatedAt: now,
    endedAt: null,
    version: (former?.version ?? 0) + 1,
  }
  const { organizationId: _organizationId, customerId: _customerId, ...set } = row
  const subject = subjectOf(ctx, customerId)
  const isRow = and(eq(erasures.organizationId, organizationId), eq(erasures.customerId, customerId))
  return {
    statements: [
      refuseWhen(
        'ERASED_CUSTOMER_OWES',
        sql`select json_array(${customerId}, id, status) from invoices
          where organization_id = ${organizationId} and owner_id in (${listGroups(subject)})
            and status in ('DRAFT', 'DUE', 'PARTIALLY_PAID', 'REFUND_INITIATED')`,
      ),
      former ? builder.update(erasures).set(set).where(isRow) : insertErasures([row]),
      ...eraseCustomerRow(ctx, customerId, version),
      ...setDue(ctx, [{ kind: ERASURE, subject: customerId, dueAt: now }]),
    ],
    changes: [{ type: 'CUSTOMER', id: customerId, fields: { erasure: [former ? former.number : null, row.number] } }],
    answer: show(row),
    tag: tagOf(version + 1),
  }
}

/** Erases the personal data of an archived customer. An erasure that goes on already is shown; one that has ended is begun again. */
export const eraseCustomer = (ctx: Ctx, customerId: string): Promise<Reply<Erasure>> =>
  changeVersioned(ctx, {
    read: async () => {
      const [version, former] = await Promise.all([readVersion(ctx, customerId), findErasure(ctx, customerId)])
      return { version, former }
    },
    tagOf: ({ version }) => tagOf(version),
    change: ({ version, former }) =>
      former?.status === 'IN_PROGRESS' ? { unchanged: show(former) } : draftBeginning(ctx, customerId, version, former),
  })

/** Lists erasures, the one that was begun last first, page by page. */
export const listErasures = async (ctx: Ctx, query: ListErasuresQuery): Promise<Reply<ErasurePaginatedResponse>> => {
  const { rows, next, context } = await listErasureRows(ctx, query)
  return { answer: { data: rows.map(show), ...next, context } }
}
