import { type SQL, sql } from 'drizzle-orm'
import { systemContext } from '../../access/due/service.ts'
import { organizations } from '../../access/organizations/table.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { webhookDeliveries } from '../deliveries/table.ts'
import { readSigningSecrets } from '../endpoints/secrets.ts'
import { webhookEndpoints } from '../endpoints/table.ts'
import { type ClaimedDelivery, claimDeliveries } from './claim.ts'
import { type MadeTry, noteTurn } from './note.ts'
import { sendWebhook } from './send.ts'
import type { ToldOrganization } from './tidy.ts'

/** What scheduled work needs, and a request has. */
export type SendingCtx = Parameters<typeof systemContext>[0] & Pick<Ctx, 'allowsLocalWebhooks'>

/** A run. It is over when its time or its calls are used up. */
export interface SendingRun {
  ctx: SendingCtx
  /** The time now, in milliseconds. */
  clock: () => number
  isOver: () => boolean
  /** Counts a request to a receiver. */
  count: () => void
}

/** Requests to receivers at once: a Worker has six connections. */
const LANES = 4

/** Sent in one turn of an endpoint. One that fails is tried with one first. */
const MOST_IN_TURN = 8

/** For how long one turn sends, in milliseconds, so that it notes what it has claimed before another run may claim it. */
const LONGEST_TURN = 40_000

const MOST_ENDPOINTS = 500

/** An endpoint for which something is due. */
interface WaitingEndpoint extends ToldOrganization {
  endpointId: string
  isFailing: number
}

/** The endpoints for which something is due, of all organizations or of one: those that fail last, and else the longest waiting first. */
const selectWaiting = (now: number, organizationId: string | undefined) => {
  const own: SQL = organizationId === undefined ? sql`` : sql`and endpoint.organization_id = ${organizationId}`
  return selectRows(sql`
    select * from (
      select endpoint.id as endpointId, endpoint.failing_since is not null as isFailing, its.id, its.base_currency as baseCurrency,
        its.clock_at as clockAt, (
          select min(next_at) from ${webhookDeliveries}
          where endpoint_id = endpoint.id and status = 'PENDING' and next_at <= ${now} and claimed_until <= ${now}
        ) as first
      from ${webhookEndpoints} as endpoint join ${organizations} as its on its.id = endpoint.organization_id
      where endpoint.status = 'ENABLED' ${own}
    ) where first is not null order by isFailing, first limit ${MOST_ENDPOINTS}`)
}

/** Puts endpoints into an order in which no organization has a second one before each has its first. */
const inTurns = (endpoints: readonly WaitingEndpoint[]): WaitingEndpoint[] => {
  const queues = [...Map.groupBy(endpoints, ({ id }) => id).values()]
  const longest = Math.max(0, ...queues.map(({ length }) => length))
  return Array.from({ length: longest }, (_, place) => queues.flatMap((queue) => queue[place] ?? [])).flat()
}

/** Sends what was claimed, one after another, until the endpoint does not answer, or the run or the turn is over. */
const sendClaimed = async (run: SendingRun, claimed: Awaited<ReturnType<typeof claimDeliveries>>): Promise<MadeTry[]> => {
  const { endpoint, deliveries } = claimed
  if (!endpoint) return []
  const start = run.clock()
  const secrets = await readSigningSecrets(run.ctx, endpoint, start)
  let isLeft = false
  const send = async (delivery: ClaimedDelivery, place: number): Promise<MadeTry> => {
    const at = run.clock()
    if (isLeft || at - start > LONGEST_TURN || (place && run.isOver())) return { delivery, at, result: undefined }
    run.count()
    const { eventId, body } = delivery
    const result = await sendWebhook({ url: endpoint.url, secrets, eventId, body }, at, run.ctx.allowsLocalWebhooks === true)
    isLeft ||= result.isLeft
    return { delivery, at, result }
  }
  const tries: MadeTry[] = []
  for (const [place, delivery] of deliveries.entries()) tries.push(await send(delivery, place))
  return tries
}

/** Gives an endpoint a turn. Returns whether it is to have another one in this run. */
const takeTurn = async (run: SendingRun, waiting: WaitingEndpoint): Promise<boolean> => {
  const { endpointId, isFailing, ...organization } = waiting
  const ctx = systemContext(run.ctx, organization)
  const most = isFailing ? 1 : MOST_IN_TURN
  const claimed = await claimDeliveries(ctx, { id: endpointId, organizationId: organization.id }, run.clock(), most)
  if (!claimed.endpoint || !claimed.deliveries.length) return false
  const tries = await sendClaimed(run, claimed)
  await noteTurn(ctx, claimed.endpoint, tries)
  return tries.some(({ result }) => result?.outcome === 'DELIVERED') && !tries.some(({ result }) => !result || result.isLeft)
}

/**
 * Sends what is due, with at most four requests at once. Endpoints have turns, and one that does not answer, or to which nothing could be
 * delivered in a turn, has none again in this run. The first error is thrown at the end.
 */
export const sendDue = async (run: SendingRun, organizationId?: string): Promise<void> => {
  const queue = inTurns(await run.ctx.session.rows<WaitingEndpoint>(selectWaiting(run.clock(), organizationId)))
  const failing = queue.filter(({ isFailing }) => isFailing)
  const healthy = queue.filter(({ isFailing }) => !isFailing)
  const errors: unknown[] = []
  const work = async (): Promise<void> => {
    while (!run.isOver()) {
      const next = healthy.shift() ?? failing.shift()
      if (!next) return
      try {
        if (await takeTurn(run, next)) healthy.push({ ...next, isFailing: 0 })
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, work))
  if (errors.length) throw errors[0]
}
