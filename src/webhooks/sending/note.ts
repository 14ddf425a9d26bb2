import { and, eq, sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import { STALE, refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, prepare, selectRows } from '../../db/statements.ts'
import { iso } from '../../lib/time.ts'
import { webhookDeliveries } from '../deliveries/table.ts'
import type { EndpointRow } from '../endpoints/queries.ts'
import { recordEndpoint } from '../endpoints/service.ts'
import { webhookEndpoints } from '../endpoints/table.ts'
import { nextTryAt } from './back_off.ts'
import type { ClaimedDelivery } from './claim.ts'
import type { TryResult } from './send.ts'

/** After how long an endpoint to which nothing could be delivered is disabled, in milliseconds. */
const FAILS_FOR = 5 * 86_400_000

/** A try, and how it ended: undefined if it was not made after all. */
export interface MadeTry {
  delivery: ClaimedDelivery
  at: number
  result: TryResult | undefined
}

/** What a row becomes by a try: status, next try, status of the answer, error, end. */
const noteOf = ({ delivery, at, result }: MadeTry): readonly (string | number | null)[] => {
  const { id, attempts, firstAttemptAt } = delivery
  if (!result) return [id, attempts, 'RELEASED', null, null, null, null]
  const { outcome, status, error, retryAfter } = result
  if (outcome === 'DELIVERED') return [id, attempts, 'DELIVERED', null, status, null, at]
  const next =
    outcome === 'GONE' ? undefined : nextTryAt({ attempts, firstAt: firstAttemptAt ?? at, now: at, retryAfter, random: Math.random() })
  return next === undefined ? [id, attempts, 'FAILED', null, status, error, at] : [id, attempts, 'PENDING', next, status, error, null]
}

/**
 * What was delivered is noted in any case. A failure is noted only by the run that tried last. A try that was not made counts for nothing.
 */
const noteTries = prepare(['organizationId', 'sent'], (at) =>
  selectRows(sql`
    update ${webhookDeliveries} set
      status = iif(sent.value ->> 2 = 'RELEASED', status, sent.value ->> 2),
      attempts = attempts - (sent.value ->> 2 = 'RELEASED'),
      first_attempt_at = iif(sent.value ->> 2 = 'RELEASED' and attempts = 1, null, first_attempt_at),
      claimed_until = 0,
      next_at = coalesce(sent.value ->> 3, next_at),
      last_status = iif(sent.value ->> 2 = 'RELEASED', last_status, sent.value ->> 4),
      last_error = iif(sent.value ->> 2 = 'RELEASED', last_error, sent.value ->> 5),
      ended_at = sent.value ->> 6
    from json_each(${at.sent}) as sent
    where organization_id = ${at.organizationId} and ${webhookDeliveries}.id = sent.value ->> 0
      and iif(sent.value ->> 2 = 'DELIVERED', status in ('PENDING', 'CANCELLED'), status = 'PENDING' and attempts = sent.value ->> 1)`),
)

/** For how long after a try an endpoint that was sent nothing else still fails, in milliseconds. */
const STILL_FAILS_FOR = 86_400_000

/**
 * Sets since when an endpoint fails, from `at` on if it did not, and gives that; `at` is null if something was delivered. Time in which nothing
 * was tried does not count: what is on its way longest was tried before, or what failed last was tried a day ago at most.
 */
const setFailing = prepare(['organizationId', 'id', 'at'], (at) =>
  selectRows(sql`
    update ${webhookEndpoints} set failing_since = iif(${at.at} is null, null, iif(
      failing_since is not null and (
        coalesce((
          select first_attempt_at from ${webhookDeliveries} where endpoint_id = ${at.id} and status = 'PENDING' order by number limit 1
        ), ${at.at}) < ${at.at}
        or coalesce((
          select last_attempt_at from ${webhookDeliveries} where endpoint_id = ${at.id} and status = 'FAILED' order by number desc limit 1
        ), 0) >= ${at.at} - ${sql.raw(String(STILL_FAILS_FOR))}
      ), failing_since, ${at.at}))
    where organization_id = ${at.organizationId} and id = ${at.id} returning failing_since as since`),
)

/** Disables an endpoint by itself, unless somebody was faster. What is on its way to it ends. */
const disableEndpoint = async (ctx: Ctx, row: EndpointRow, now: number, statusReason: string): Promise<void> => {
  const set = { status: 'DISABLED' as const, statusReason, updatedAt: Math.max(row.updatedAt, now), version: row.version + 1 }
  const isRow = and(eq(webhookEndpoints.organizationId, ctx.organizationId), eq(webhookEndpoints.id, row.id))
  try {
    await commit(ctx, {
      statements: [
        refuseWhen('STALE', sql`select '[]' from ${webhookEndpoints} where ${isRow} and ${webhookEndpoints.status} <> 'ENABLED'`),
        builder.update(webhookEndpoints).set(set).where(isRow),
      ],
      changes: [recordEndpoint(row, { ...row, ...set })],
      answer: {},
    })
  } catch (error) {
    if (error !== STALE) throw error
  }
}

/** Notes how tries of an endpoint ended, since when it fails, and that it is disabled if it wants nothing any more or has failed too long. */
export const noteTurn = async (ctx: Ctx, endpoint: EndpointRow, tries: readonly MadeTry[]): Promise<void> => {
  const { organizationId } = ctx
  const made = tries.filter(({ result }) => result)
  const isHealthy = made.some(({ result }) => result?.outcome === 'DELIVERED')
  const at = isHealthy ? null : made[0]?.at
  const isChanged = at === null ? endpoint.failingSince !== null : at !== undefined
  const results = await ctx.session.batch<{ since: number | null }>([
    noteTries({ organizationId, sent: JSON.stringify(tries.map(noteOf)) }),
    ...(isChanged ? [setFailing({ organizationId, id: endpoint.id, at })] : []),
  ])
  const since = results[1]?.results[0]?.since ?? null
  const gone = made.find(({ result }) => result?.outcome === 'GONE')
  const last = made.at(-1)?.at ?? 0
  if (gone)
    await disableEndpoint(
      ctx,
      { ...endpoint, failingSince: since },
      gone.at,
      'It answered 410, which means that it wants nothing any more.',
    )
  else if (since !== null && last - since >= FAILS_FOR)
    await disableEndpoint(ctx, { ...endpoint, failingSince: since }, last, `Nothing could be delivered since ${iso(since)}.`)
}
