import { sql } from 'drizzle-orm'
import { retryWhenStale } from '../../db/change.ts'
import { type Change, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { grandTotalOf } from './composite.ts'
import { readGroupOwnerRow, selectGroupOwner } from './owner.ts'
import { draftDue, insertInvoices, newDraft, recordInvoice } from './settle.ts'

/** The kind of due work that merges invoices. Its subject is the id of the invoice group, and a trigger sets it when one falls due. */
const INVOICE_GROUP_DUE = 'INVOICE_GROUP'

const DAY = '86400000'

/** The most invoices that are merged into one, in one commit. */
const MOST_MEMBERS = 5000

/** An invoice that its group pays for, as far as the merger needs it. */
interface Member {
  id: string
  version: number
  customerId: string | null
  total: string
  startAt: number
  endAt: number
}

/** Where a query finds what is waiting to be merged in a group: the invoices of its accounts that fell due until an instant and are still DUE. */
const fromWaiting = (organizationId: string, groupId: string, until: number) => sql`
  from invoices where organization_id = ${organizationId} and invoice_group_id = ${groupId} and status = 'DUE' and generated_at <= ${until}`

/** The query for what is still to be done before that instant for the accounts that were in the group then, which is to be done first. */
const selectUndone = ({ organizationId }: Ctx, groupId: string, until: number) =>
  selectRows(sql`
    select kind, due_at as dueAt from due as undone
    where organization_id = ${organizationId} and due_at <= ${until} and kind in ('BILLING', 'INVOICE') and exists (
      select 1 from invoice_group_memberships as member
      where member.invoice_group_id = ${groupId} and member.account_id = iif(undone.kind = 'BILLING', undone.subject, (
          select invoices.account_id from invoices where invoices.id = undone.subject and invoices.organization_id = ${organizationId}
        ))
        and member.from_at <= undone.due_at and (member.until_at is null or member.until_at > undone.due_at)
    ) limit 1`)

/** The statement that refuses the commit as stale if other invoices are waiting now, or one of them or the group has changed. */
const holdMembers = ({ organizationId }: Ctx, group: { id: string; version: number }, until: number, members: readonly Member[]) => {
  const sent = JSON.stringify(members.map(({ id, version }) => [id, version]))
  const isWhole = members.length < MOST_MEMBERS
  return refuseWhen(
    'STALE',
    sql`
      select '[]' where (
        select count(*) from json_each(${sent}) as sent cross join invoices as its on its.id = sent.value ->> 0
        where its.organization_id = ${organizationId} and its.version = sent.value ->> 1 and its.status = 'DUE'
      ) <> ${members.length}
      or not exists (select 1 from invoice_groups where organization_id = ${organizationId} and id = ${group.id} and version = ${group.version})
      ${isWhole ? sql`or (select count(*) ${fromWaiting(organizationId, group.id, until)}) <> ${members.length}` : sql``}`,
  )
}

/** The statement that says when the group merges next: at the end of the day of the first invoice that is left, if one is. */
const setNext = ({ organizationId }: Ctx, groupId: string) =>
  selectRows(sql`
    insert into due (organization_id, kind, subject, due_at)
    select ${organizationId}, ${INVOICE_GROUP_DUE}, ${groupId}, first / ${sql.raw(DAY)} * ${sql.raw(DAY)} + ${sql.raw(DAY)} - 1
    from (
      select min(generated_at) as first from invoices
      where organization_id = ${organizationId} and invoice_group_id = ${groupId} and status = 'DUE'
    ) where first is not null`)

interface Found {
  isDue: boolean
  group: ReturnType<typeof readGroupOwnerRow>
  members: Member[]
  undone: Pick<Due, 'kind' | 'dueAt'> | undefined
}

const readWaiting = async (ctx: Ctx, { kind, subject: groupId, dueAt }: Due): Promise<Found> => {
  const { organizationId } = ctx
  const [isDue, owner, members, undone] = await ctx.session.batch([
    selectRows(
      sql`select 1 from due where organization_id = ${organizationId} and kind = ${kind} and subject = ${groupId} and due_at = ${dueAt}`,
    ),
    selectGroupOwner(ctx, groupId),
    selectRows(sql`
      select id, version, customer_id as customerId, total, start_at as startAt, end_at as endAt ${fromWaiting(organizationId, groupId, dueAt)}
      order by account_id, start_at, id limit ${MOST_MEMBERS}`),
    selectUndone(ctx, groupId, dueAt),
  ])
  return {
    isDue: (isDue?.results.length ?? 0) > 0,
    group: readGroupOwnerRow(groupId, owner?.results ?? []),
    members: (members?.results ?? []) as unknown as Member[],
    undone: (undone?.results as unknown as Found['undone'][] | undefined)?.[0],
  }
}

/** What becomes of an invoice that is merged. */
const recordMerger = ({ id }: Member, mergedInto: string): Change => ({
  type: 'INVOICE',
  id,
  fields: { status: ['DUE', 'MERGED'], mergedInto: [null, mergedInto] },
})

/** The statement that merges invoices into that of their group. The plus keeps SQLite from reading all invoices of the organization. */
const mergeInto = ({ organizationId, now }: Ctx, mergedInto: string, members: readonly Member[]) =>
  selectRows(sql`
    update invoices set status = 'MERGED', merged_into = ${mergedInto}, updated_at = ${now}, version = version + 1
    where +organization_id = ${organizationId} and id in (select value from json_each(${JSON.stringify(members.map(({ id }) => id))}))`)

/**
 * Merges the invoices of a group that fell due on a day and are still DUE into one, at the last instant of the day and in one commit. What
 * is to be done for its accounts until then comes first, so that none of their invoices is left out.
 */
export const mergeInvoicesOfGroup = (ctx: Ctx, due: Due): Promise<StepResult> => {
  const its: Ctx = { ...ctx, now: due.dueAt }
  return retryWhenStale(async () => {
    const { isDue, group, members, undone } = await readWaiting(its, due)
    if (!isDue) return {}
    if (undone)
      throw new Error(
        `The invoice group ${due.subject} waits for an account: what was due of kind ${undone.kind} at ${undone.dueAt} is not done`,
      )
    const settled = [...settleDue(its, due), holdMembers(its, group, due.dueAt, members)]
    const [first] = members
    if (!first) {
      await commit(its, { statements: [...settled, setNext(its, due.subject)], changes: [], answer: {} })
      return {}
    }
    const total = sumDecimals(members.map((member) => member.total))
    const row = newDraft(its, group, {
      invoiceType: 'COMPOSITE',
      customerId: members.every(({ customerId }) => customerId === first.customerId) ? first.customerId : null,
      startAt: Math.min(...members.map(({ startAt }) => startAt)),
      endAt: Math.max(...members.map(({ endAt }) => endAt)),
      invoiceAt: its.now,
      autoAdvance: true,
      rated: grandTotalOf(total),
      total,
    })
    const fallen = draftDue(its, row, group, { purse: undefined })
    await commit(its, {
      statements: [...settled, insertInvoices([row]), ...fallen.statements, mergeInto(its, row.id, members), setNext(its, due.subject)],
      changes: [...recordInvoice(undefined, fallen.row), ...members.map((member) => recordMerger(member, row.id))],
      answer: {},
    })
    return { isUnfinished: members.length === MOST_MEMBERS }
  })
}
