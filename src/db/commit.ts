import { type SQL, sql } from 'drizzle-orm'
import type { Ctx } from './context.ts'
import type { Fields } from '../lib/changes.ts'
import { CHANGED, EXISTS, names } from '../lib/etag.ts'
import type { Statement } from './client.ts'
import { type Conflict, type Locate, RAISED, STALE, explain, refuse } from './conflicts.ts'
import { isKept, keep, keptBody } from './idempotency.ts'
import { builder, prepare } from './prepared.ts'
import { auditLog, idempotencyKeys } from './table.ts'

/** What a write did to one resource. */
export interface Change {
  type: string
  id: string
  fields: Fields
}

interface Made<Answer> {
  /** First the one that makes a new version, so that who was overtaken is told that and nothing else. */
  statements: readonly Statement[]
  /** What becomes of each resource, for the audit log. What is late is added to the first. */
  changes: readonly Change[]
  answer: Answer
  /** The tag of the resource that the answer shows. */
  tag?: string | undefined
  locate?: Locate | undefined
  /** The conflict that says that what is to be made exists, for If-None-Match: *. */
  exists?: Conflict
  /** What only the database knows of the answer, by its field; each a query of one value that is run after the statements. */
  late?: Record<string, SQL>
}

/** Holds what a request expects against the state of what it is about; `tag` begins with its version. */
export const precondition = ({ conditions: { match, noneMatch }, reply }: Ctx, tag: string): void => {
  reply.matched = true
  if (match && !names(match, tag)) throw CHANGED
  if (noneMatch && names(noneMatch, tag)) throw EXISTS
}

/** Gives the answer of a verb that changes nothing the tag of what it shows. */
export const shown = <Answer>(ctx: Ctx, tag: string, answer: Answer): Answer => {
  ctx.reply.tag = tag
  return answer
}

/** The queries of `late` as one, of one JSON object. */
const together = (late: Record<string, SQL>, as = (value: SQL) => value): SQL =>
  sql`(select json_object(${sql.join(
    Object.entries(late).flatMap(([field, value]) => [sql`${field}`, as(value)]),
    sql`, `,
  )}))`

const RECORDED = ['organizationId', 'now', 'actor', 'role', 'operationId', 'requestId', 'sent'] as const

/** The statement that appends to the audit log: a row a resource, numbered from the last row of the organization. */
const append = (recorded: Readonly<Record<(typeof RECORDED)[number], unknown>>, fields: SQL) => {
  const { organizationId, now, actor, role, operationId, requestId, sent } = recorded
  return builder.insert(auditLog).select(sql`
    select ${organizationId}, coalesce(last.sequence, 0) + 1 + sent.key, max(${now}, coalesce(last.at, 0)), ${actor}, ${role}, ${operationId},
      sent.value ->> 0, sent.value ->> 1, ${requestId}, ${fields}, null
    from json_each(${sent}) as sent left join (
      select sequence, at from ${auditLog} where organization_id = ${organizationId} order by at desc, sequence desc limit 1
    ) as last
  `)
}

const appendPlainly = prepare(RECORDED, (at) => append(at, sql`sent.value -> 2`))

/** Appends what becomes of each resource to the audit log, and to the first what is late. */
const record = (ctx: Ctx, changes: readonly Change[], late: Made<object>['late']): Statement => {
  const { organizationId, now, actor, role, operationId, requestId } = ctx
  const sent = JSON.stringify(changes.map(({ type, id, fields }) => [type, id, fields]))
  const recorded = { organizationId, now, actor, role, operationId, requestId, sent }
  if (!late) return appendPlainly(recorded)
  const patch = together(late, (value) => sql`json_array(null, ${value})`)
  return append(recorded, sql`iif(sent.key, sent.value -> 2, json_patch(sent.value -> 2, ${patch}))`)
}

/**
 * Makes one write, in one transaction and one round trip, and gives its answer: all of the statements or none.
 * A conflict is a refusal that names its field. The audit log is written with it, and the answer is kept with it when the request
 * has a key; a dry run is undone. A precondition that the verb could not hold against a version is not met.
 */
export const commit = async <Answer extends object>(
  ctx: Ctx,
  { statements, changes, answer, tag, locate, exists, late }: Made<Answer>,
): Promise<Answer> => {
  const { write, conditions, reply } = ctx
  if (conditions.match && !reply.matched) throw CHANGED
  if (tag !== undefined) reply.tag = tag
  const key = write?.key
  const found = late && together(late)
  const json = key && JSON.stringify(answer)
  const batch: Statement[] = [
    ...(write && json ? [keep(ctx, key, write, answer, await keptBody(ctx, write, json))] : []),
    ...statements,
    ...(changes.length ? [record(ctx, changes, late)] : []),
  ]
  if (found && key)
    batch.push(
      ctx.session.db
        .update(idempotencyKeys)
        .set({ body: sql`json_patch(${idempotencyKeys.body}, ${found})` })
        .where(isKept(ctx, key.value)),
    )
  if (write?.dryRun) batch.push(refuse(ctx, 'DRY_RUN', sql`select json_array(json(${found ?? sql`'{}'`}))`))
  else if (found) batch.push(ctx.session.db.select({ found: sql<string>`${found}`.as('found') }).from(sql`(select 1)`))
  if (!batch.length) return answer
  try {
    const results = await ctx.session.batch<{ found: string }>(batch)
    if (write) Object.assign(write, { done: true, json: found ? undefined : json })
    if (!found) return answer
    const [row] = results.at(-1)?.results ?? []
    return { ...answer, ...(JSON.parse(row?.found ?? '{}') as Partial<Answer>) }
  } catch (error) {
    const [, raised, values = '[]'] = RAISED.exec(error instanceof Error ? error.message : '') ?? []
    if (raised === 'DRY_RUN') return { ...answer, ...(JSON.parse(values) as Partial<Answer>[])[0] }
    throw explain(ctx, error, locate, exists)
  }
}

const MOST_ATTEMPTS = 20

/** Reads and writes again when what was read has changed before it was written, so that a change is always made to what is there. */
export const onLatest = async <Result>(readAndCommit: () => Promise<Result>): Promise<Result> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readAndCommit()
    } catch (error) {
      if (error !== STALE || attempt === MOST_ATTEMPTS) throw error
      await scheduler.wait(Math.random() * 5 * attempt)
    }
  }
}
