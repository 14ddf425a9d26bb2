import { type SQL, sql } from 'drizzle-orm'
import { UNVERSIONED } from '../lib/etag.ts'
import { type Change, areTold, recordChanges } from './audit.ts'
import type { Statement } from './client.ts'
import { type Locate, explainConflict, parseRaised, refuseWhen } from './conflicts.ts'
import type { Ctx } from './context.ts'
import { type Due, selectDueNow, setDue } from './due.ts'
import { addToKeptBody, encodeBody, keepAnswer } from './idempotency.ts'
import { builder } from './statements.ts'

export type { Change } from './audit.ts'

/** A write that has not been made yet. Several drafts can be combined into one commit. */
export interface Draft<Answer extends object, FromDatabase extends keyof Answer & string = never> {
  /** The version update comes first, so that a stale writer gets STALE and no other conflict. */
  statements: readonly Statement[]
  /** The change of each resource, for the audit log and the outbox. */
  changes: readonly Change[]
  answer: Omit<Answer, FromDatabase>
  /** Fields of the answer that only the database knows. Each is a query for one value, which runs after the statements. */
  fromDatabase?: Readonly<Record<FromDatabase, SQL>>
  /** The tag for the ETag of the answer. */
  tag?: string
  /** The status of the answer, if the operation has several. */
  status?: number
  /** The path for Location, if it cannot be derived from the answer. */
  location?: string
  locate?: Locate | undefined
  /** The code of the conflict that means that the resource exists already, for If-None-Match: *. */
  exists?: string
  /** The scheduled work that this write causes. */
  due?: readonly Due[]
}

/** The result of a service function: the body of the answer, and its headers and status. */
export interface Reply<Answer> {
  answer: Answer
  tag?: string | undefined
  status?: number | undefined
  /** The path for Location, if it cannot be derived from the answer. */
  location?: string | undefined
  /** Whether it is the stored answer of the request's key. */
  isReplayed?: boolean
  /** The result of a commit: the answer as JSON, if it was stored, the work that is due at once, and whether webhooks may tell of it. */
  committed?: { json: string | undefined; due: readonly Due[]; isTold?: boolean }
}

/** Combines the statements, changes and due work of drafts into one draft with the answer of the first. */
export const combineDrafts = <Answer extends object, FromDatabase extends keyof Answer & string = never>(
  first: Draft<Answer, FromDatabase>,
  ...others: readonly Omit<Draft<object>, 'answer'>[]
): Draft<Answer, FromDatabase> => {
  const all = [first, ...others]
  return {
    ...first,
    statements: all.flatMap(({ statements }) => statements),
    changes: all.flatMap(({ changes }) => changes),
    due: all.flatMap(({ due = [] }) => due),
    locate: (conflict, values) =>
      all
        .values()
        .map(({ locate }) => locate?.(conflict, values))
        .find((path) => path !== undefined),
  }
}

/** Combines queries for single values into a query for one JSON object. */
const asJsonObject = (queries: Readonly<Record<string, SQL>>, as = (value: SQL) => value): SQL =>
  sql`(select json_object(${sql.join(
    Object.entries(queries).flatMap(([field, value]) => [sql`${field}`, as(value)]),
    sql`, `,
  )}))`

/**
 * Makes one write, in one transaction and one round trip, and gives its answer: all of the statements or none.
 * A conflict is a refusal that names its field. The audit log and the outbox are written with it, and the answer is kept with it when
 * the request has a key; a dry run is undone. `isMatched` says that If-Match was held against a version; otherwise it is not met.
 */
export const commit = async <Answer extends object, FromDatabase extends keyof Answer & string = never>(
  ctx: Ctx,
  draft: Draft<Answer, FromDatabase>,
  isMatched = false,
): Promise<Reply<Answer>> => {
  const { statements, changes, tag, status, location, locate, exists, due = [] } = draft
  const { write, conditions } = ctx
  if (conditions.match && !isMatched) throw UNVERSIONED
  const answer = draft.answer as Answer
  const queries = draft.fromDatabase as Readonly<Record<string, SQL>> | undefined
  const found = queries && asJsonObject(queries)
  const patch = queries && asJsonObject(queries, (value) => sql`json_array(null, ${value})`)
  const json = write?.key && JSON.stringify(answer)
  const batch: Statement[] = [
    ...(write && json !== undefined ? [keepAnswer(ctx, write, { answer, tag, status, location }, await encodeBody(ctx, write, json))] : []),
    ...statements,
    ...recordChanges(ctx, changes, patch),
    ...setDue(ctx, due),
  ]
  const isDueAt = due.length && !write?.dryRun ? batch.push(selectDueNow(ctx, due)) - 1 : -1
  if (found && write?.key) batch.push(addToKeptBody(ctx, write.key.value, found))
  if (write?.dryRun) batch.push(refuseWhen('DRY_RUN', sql`select json_array(json(${found ?? sql`'{}'`}))`))
  else if (found) batch.push(builder.select({ found: sql<string>`${found}`.as('found') }).from(sql`(select 1)`))
  const reply = (more: Partial<Answer>, committed: Reply<Answer>['committed'] = { json: undefined, due: [] }): Reply<Answer> => ({
    answer: { ...answer, ...more },
    tag,
    status,
    location,
    committed,
  })
  if (!batch.length) return reply({})
  try {
    const results = await ctx.session.batch<{ found: string } & Due>(batch)
    const committed = { json: found ? undefined : json, due: results[isDueAt]?.results ?? [], isTold: areTold(changes) }
    if (!found) return reply({}, committed)
    const [row] = results.at(-1)?.results ?? []
    return reply(JSON.parse(row?.found ?? '{}') as Partial<Answer>, committed)
  } catch (error) {
    const raised = parseRaised(error)
    if (raised?.code === 'DRY_RUN') return reply(raised.values[0] as Partial<Answer>)
    throw explainConflict(ctx, error, locate, exists)
  }
}
