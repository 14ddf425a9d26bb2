import { and, eq } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Change, type Draft, type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError } from '../../lib/errors.ts'
import { newId } from '../../lib/ids.ts'
import type { WebhookEventType } from '../messages/schema.ts'
import { refuseAddress } from './address.ts'
import { type EndpointRow, listEndpoints, readEndpoint, showEndpoint, tagOfEndpoint } from './queries.ts'
import {
  type CreateWebhookEndpointRequest,
  type ListWebhookEndpointsQuery,
  type RotateWebhookEndpointRequest,
  USUALLY_VALID,
  type UpdateWebhookEndpointRequest,
  type WebhookEndpoint,
  type WebhookEndpointPaginatedResponse,
  type WebhookEndpointWithSecret,
} from './schema.ts'
import { decryptSecret, encryptSecret, markOfKey, newSecret } from './secrets.ts'
import { webhookEndpoints } from './table.ts'

const insertEndpoints = insertInto(webhookEndpoints)

/** What is recorded of a change of an endpoint, of which webhooks tell nothing. */
export const recordEndpoint = (before: EndpointRow | undefined, after: EndpointRow): Change => ({
  type: 'WEBHOOK_ENDPOINT',
  id: after.id,
  fields: differences(before && showEndpoint(before), showEndpoint(after)),
  status: null,
})

/** The events that are sent, each once. Null for all. */
const keepEventTypes = (sent: readonly WebhookEventType[]): readonly WebhookEventType[] | null => (sent.length ? [...new Set(sent)] : null)

/** Creates an endpoint, which is sent what happens from now on. Its secret is shown only once. */
export const createWebhookEndpoint = async (
  ctx: Ctx,
  { url, description, eventTypes = [] }: CreateWebhookEndpointRequest,
): Promise<Reply<WebhookEndpointWithSecret>> => {
  refuseAddress(url, ctx.allowsLocalWebhooks === true)
  const named = { id: newId('WEBHOOK_ENDPOINT', ctx.wallClock), organizationId: ctx.organizationId }
  const secret = newSecret()
  const row: EndpointRow = {
    ...named,
    url,
    description: description || null,
    eventTypes: keepEventTypes(eventTypes),
    status: 'ENABLED',
    statusReason: null,
    origin: ctx.origin ?? '',
    secret: await encryptSecret(ctx, named, secret),
    previousSecret: null,
    previousUntil: null,
    keyMark: await markOfKey(ctx),
    afterSequence: 0,
    failingSince: null,
    createdAt: ctx.wallClock,
    updatedAt: ctx.wallClock,
    version: 1,
  }
  return commit(ctx, {
    statements: [insertEndpoints([row])],
    changes: [recordEndpoint(undefined, row)],
    answer: { ...showEndpoint(row), secret },
    tag: tagOfEndpoint(row),
  })
}

export const getWebhookEndpoint = async (ctx: Ctx, id: string): Promise<Reply<WebhookEndpoint>> => {
  const row = await readEndpoint(ctx, id)
  return { answer: showEndpoint(row), tag: tagOfEndpoint(row) }
}

/** Lists endpoints in the order in which they were created, page by page. Without `status`, deleted ones are left out. */
export const listWebhookEndpoints = async (
  ctx: Ctx,
  query: ListWebhookEndpointsQuery,
): Promise<Reply<WebhookEndpointPaginatedResponse>> => {
  const { rows, next, context } = await listEndpoints(ctx, query)
  return { answer: { data: rows.map(showEndpoint), ...next, context } }
}

/** Drafts a change of an endpoint that was read as `row`. */
const draftChange = <Answer extends object>(
  ctx: Ctx,
  row: EndpointRow,
  changes: Partial<EndpointRow>,
  answerOf: (endpoint: WebhookEndpoint) => Answer,
): Draft<Answer> => {
  const set = { ...changes, updatedAt: Math.max(row.updatedAt, ctx.wallClock), version: row.version + 1 }
  const after = { ...row, ...set }
  return {
    statements: [
      builder
        .update(webhookEndpoints)
        .set(set)
        .where(and(eq(webhookEndpoints.organizationId, ctx.organizationId), eq(webhookEndpoints.id, row.id))),
    ],
    changes: [recordEndpoint(row, after)],
    answer: answerOf(showEndpoint(after)),
    tag: tagOfEndpoint(after),
  }
}

const changeEndpoint = <Answer extends object>(
  ctx: Ctx,
  id: string,
  change: (row: EndpointRow) => Draft<Answer> | { unchanged: Answer } | Promise<Draft<Answer>>,
): Promise<Reply<Answer>> => changeVersioned(ctx, { read: () => readEndpoint(ctx, id), tagOf: tagOfEndpoint, change })

const refuseDeleted = ({ id, status }: EndpointRow): void => {
  if (status === 'DELETED') throw new ApiError('CONFLICT', `The webhook endpoint "${id}" is deleted, and cannot be changed.`)
}

/** Whoever says where an endpoint is learns what happens, as whoever has its secret can pretend to: an administrator does both. */
const refuseOtherAddress = ({ role }: Ctx, row: EndpointRow, url: string): void => {
  if (url !== row.url && role !== 'ADMINISTRATOR')
    throw new ApiError('FORBIDDEN', 'url: only the role ADMINISTRATOR says where a webhook endpoint is.')
}

/** Replaces the fields that are sent. One that is enabled again is sent what happens from now on. */
export const updateWebhookEndpoint = (ctx: Ctx, id: string, input: UpdateWebhookEndpointRequest): Promise<Reply<WebhookEndpoint>> => {
  if (input.url !== undefined) refuseAddress(input.url, ctx.allowsLocalWebhooks === true)
  return changeEndpoint(ctx, id, (row) => {
    refuseDeleted(row)
    const { url = row.url, status = row.status, eventTypes, description } = input
    refuseOtherAddress(ctx, row, url)
    const isEnabledAgain = status === 'ENABLED' && row.status !== 'ENABLED'
    const set = {
      url,
      description: description === undefined ? row.description : description || null,
      eventTypes: eventTypes ? keepEventTypes(eventTypes) : row.eventTypes,
      status,
      ...(isEnabledAgain && { statusReason: null, failingSince: null }),
    }
    const isSame = JSON.stringify(showEndpoint({ ...row, ...set })) === JSON.stringify(showEndpoint(row))
    return isSame ? { unchanged: showEndpoint(row) } : draftChange(ctx, row, set, (endpoint) => endpoint)
  })
}

/** Gives an endpoint a new secret, which is shown only once. The previous one signs too for `previousValidFor` seconds. */
export const rotateWebhookEndpoint = (
  ctx: Ctx,
  id: string,
  { previousValidFor }: RotateWebhookEndpointRequest = { previousValidFor: USUALLY_VALID },
): Promise<Reply<WebhookEndpointWithSecret>> =>
  changeEndpoint(ctx, id, async (row) => {
    refuseDeleted(row)
    const secret = newSecret()
    const previous = previousValidFor ? await decryptSecret(ctx, row, row.secret) : undefined
    return draftChange(
      ctx,
      row,
      {
        secret: await encryptSecret(ctx, row, secret),
        previousSecret: previous === undefined ? null : await encryptSecret(ctx, row, previous),
        previousUntil: previous === undefined ? null : ctx.wallClock + previousValidFor * 1000,
        keyMark: await markOfKey(ctx),
      },
      (endpoint) => ({ ...endpoint, secret }),
    )
  })

/** Deletes an endpoint: it is sent nothing more, and can still be read. Deleting it again changes nothing. */
export const deleteWebhookEndpoint = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeEndpoint(ctx, id, (row) =>
    row.status === 'DELETED' ? { unchanged: { success: true } } : draftChange(ctx, row, { status: 'DELETED' }, () => ({ success: true })),
  )
