import { and, eq, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { builder, prepare, selectRows } from '../../db/statements.ts'
import { outbox, outboxCursors } from '../../db/table.ts'
import { organizations } from '../../access/organizations/table.ts'
import { webhookDeliveries } from '../deliveries/table.ts'
import { decryptSecret, encryptSecret, markOfKey } from '../endpoints/secrets.ts'
import { webhookEndpoints } from '../endpoints/table.ts'
import { webhookEvents } from '../messages/table.ts'
import { type Part, isOfPart } from './parts.ts'

/** How long what was sent is kept after it ended, in milliseconds. */
const KEPT_FOR = 30 * 86_400_000

/** Deleted of each table, encrypted anew, and looked through, in a run. */
const [MOST_DELETED, MOST_ENCRYPTED, MOST_ORGANIZATIONS] = [2000, 100, 200]

/** An organization of which changes wait to be told, with what a context needs of it. */
export interface ToldOrganization {
  id: string
  baseCurrency: string
  clockAt: number | null
}

/** The organizations in which changes wait that are told, all or those of one part, the longest waiting first. */
export const waitingOrganizations = (part?: Part) =>
  selectRows(sql`
    select id, baseCurrency, clockAt from (
      select its.id, its.base_currency as baseCurrency, its.clock_at as clockAt, (
        select min(sequence) from ${outbox}
        where organization_id = cursor.organization_id and sequence > cursor.sequence and status is not null
      ) as first from ${outboxCursors} as cursor cross join ${organizations} as its on its.id = cursor.organization_id
      where ${isOfPart(sql`cursor.organization_id`, part)}
    ) where first is not null order by first limit ${sql.raw(String(MOST_ORGANIZATIONS))}`)

interface KeptSecrets {
  id: string
  organizationId: string
  secret: string
  previousSecret: string | null
  previousUntil: number | null
}

/** The endpoints whose secrets are encrypted with another signing secret than that of now. */
const encryptedBefore = prepare(['mark'], (at) =>
  selectRows(sql`
    select id, organization_id as organizationId, secret, previous_secret as previousSecret, previous_until as previousUntil
    from ${webhookEndpoints} where key_mark < ${at.mark} or key_mark > ${at.mark} limit ${sql.raw(String(MOST_ENCRYPTED))}`),
)

const deleteDeliveries = prepare(['before'], (at) =>
  selectRows(sql`
    delete from ${webhookDeliveries} where id in (
      select id from ${webhookDeliveries} where ended_at is not null and ended_at < ${at.before} limit ${sql.raw(String(MOST_DELETED))}
    )`),
)

const deleteEvents = prepare(['before'], (at) =>
  selectRows(sql`
    delete from ${webhookEvents} where id in (
      select its.id from ${webhookEvents} as its
      where its.created_at < ${at.before} and not exists (select 1 from ${webhookDeliveries} where event_id = its.id)
      limit ${sql.raw(String(MOST_DELETED))}
    )`),
)

/** Encrypts secrets anew with the signing secret of now. One that cannot be read stays as it is, in case that its signing secret comes back. */
const encryptAnew = async (
  ctx: Pick<Ctx, 'session' | 'secrets'>,
  kept: readonly KeptSecrets[],
  mark: string,
  now: number,
): Promise<void> => {
  const anew = async (row: KeptSecrets, secret: string | null): Promise<string | null> => {
    const read = secret === null ? undefined : await decryptSecret(ctx, row, secret)
    return read === undefined ? secret : encryptSecret(ctx, row, read)
  }
  const made = await Promise.all(
    kept.map(async (row) => {
      const isOver = row.previousUntil !== null && row.previousUntil <= now
      const secret = (await anew(row, row.secret)) ?? row.secret
      const previousSecret = isOver ? null : await anew(row, row.previousSecret)
      return { row, set: { secret, previousSecret, previousUntil: isOver ? null : row.previousUntil, keyMark: mark } }
    }),
  )
  await ctx.session.batch(
    made.map(({ row, set }) =>
      builder
        .update(webhookEndpoints)
        .set(set)
        .where(
          and(
            eq(webhookEndpoints.organizationId, row.organizationId),
            eq(webhookEndpoints.id, row.id),
            eq(webhookEndpoints.secret, row.secret),
            sql`${webhookEndpoints.previousSecret} is ${row.previousSecret}`,
          ),
        ),
    ),
  )
}

/** Forgets what ended long ago, encrypts secrets anew after the signing secret was changed, and finds out of which organizations something is to be told. */
export const tidyUp = async (ctx: Pick<Ctx, 'session' | 'secrets'>, now: number): Promise<ToldOrganization[]> => {
  const mark = await markOfKey(ctx)
  const before = now - KEPT_FOR
  const results = await ctx.session.batch([
    waitingOrganizations(),
    encryptedBefore({ mark }),
    deleteDeliveries({ before }),
    deleteEvents({ before }),
  ])
  const kept = (results[1]?.results ?? []) as KeptSecrets[]
  if (kept.length) await encryptAnew(ctx, kept, mark, now)
  return (results[0]?.results ?? []) as ToldOrganization[]
}
