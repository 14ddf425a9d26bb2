import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import type { Due } from '../../src/db/due.ts'
import type { Step } from '../../src/http/document_texts.ts'
import type { Operation } from '../../src/http/operation.ts'
import * as examples from '../../src/lib/examples.ts'
import { newId } from '../../src/lib/ids.ts'
import { steps } from '../../src/steps.ts'
import { type Answer, organization } from './api.ts'
import { system } from './ledgers.ts'
import { REQUIRED_QUERIES, operationOf, resourceOf } from './operations.ts'
import { said } from './reference.ts'

type Json = Record<string, unknown>

const MINUTE = 60_000

/** When the first of the examples is sent. */
export const EXAMPLES_START = Date.parse(examples.first)

/** The name of the token that sends the examples. */
const EXAMPLES_TOKEN = 'First token'

/** What is made by the server and cannot be known: UUIDs, secrets, JWTs, hashes and what leads to a next page. */
const MADE = [
  /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
  /^togai_\w{46}$/,
  /^whsec_[\w+/]{43}=$/,
  /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}$/,
  /^[\da-f]{64}$/,
  /^eyJ[\w-]+\.[\w-]{43}$/,
  /^https?:\/\/[^/]+\/downloads\/\w+\.\w{11}\.\w{5}\?until=\d+&signature=[\w-]{43}$/,
]

/** What kind of these a text is; ids of ours are of the kind that they begin with. */
const kindOf = (text: string): string | undefined =>
  /^([a-z_]+)\.\w{11}\.\w{5}$/.exec(text)?.[1] ?? MADE.find((form) => form.test(text))?.source

/** A value with `change` made to each text in it. */
const mapTexts = (value: unknown, change: (text: string) => unknown): unknown => {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]))
}

/** The operation of an entry of `after`, and whether its second request is sent. */
export const readAfter = (entry: string | Step): { operationId: string; isOther: boolean; step?: Step } => {
  if (typeof entry !== 'string') return { operationId: entry.operation, isOther: false, step: entry }
  const [operationId = '', part] = entry.split('.')
  return { operationId, isOther: part === 'other' }
}

export const exampleOf = (operationId: string) => {
  const example = said.reference[operationId]?.example
  if (!example) throw new Error(`No reference.ts has an example of ${operationId}`)
  return example
}

/** What `call` takes, before the headers. */
export type ExampleRequest = readonly [method: string, path: string, body: unknown]

type Query = Readonly<Record<string, string | number | boolean>>

/** A request as the reference has it. */
interface Parts {
  path?: Readonly<Record<string, string>> | undefined
  query?: Query | undefined
  request?: Json | undefined
}

/** An organization whose clock is that of the examples, and what it made in place of what they show. */
export const exampleOrganization = async () => {
  const tokenId = newId('TOKEN', EXAMPLES_START - 5 * MINUTE)
  const api = await organization({
    name: EXAMPLES_TOKEN,
    tokenId,
    createdAt: EXAMPLES_START - 5 * MINUTE,
    lastUsedOn: examples.first.slice(0, 10),
  })
  const made = new Map([
    [examples.tokenId, tokenId],
    [examples.organizationId, api.id],
    [examples.organizationName, api.id],
  ])
  /** A text that holds ids of ours, as that of an entry begins with that of its schedule, is made anew with the ids that the server made. */
  const ours = (value: unknown): unknown =>
    mapTexts(value, (text) => made.get(text) ?? text.replaceAll(/\b[a-z_]+\.\w{11}\.\w{5}\b/g, (id) => made.get(id) ?? id))
  let requests = 0

  const requestTo = ({ method, path: template }: Operation, { path, query = {}, request }: Parts): ExampleRequest => {
    const url = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(ours(path?.[name]))))
    const asked = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(ours(value)))}`)
    return [method.toUpperCase(), `${url}${asked.length ? `?${asked.join('&')}` : ''}`, ours(request)]
  }

  /** The path and the body of an example as they are sent. */
  const partsOf = (before: string | Step) => {
    const { path = {}, request = {} }: Parts = typeof before === 'string' ? exampleOf(before) : before
    return ours({ path, request }) as { path: Record<string, string>; request: Json }
  }

  /** The request of an example, with this query where one is given. */
  const request = (operationId: string, query = exampleOf(operationId).query): ExampleRequest =>
    requestTo(operationOf(operationId), { ...exampleOf(operationId), query })

  const other = (operationId: string): ExampleRequest => {
    const example = exampleOf(operationId)
    if (!example.other) throw new Error(`${operationId} writes, and its example has no \`other\` request`)
    return requestTo(operationOf(operationId), { ...example, ...example.other })
  }

  /** Where what the example is about is read. */
  const resource = (operationId: string): ExampleRequest => {
    const operation = operationOf(operationId)
    const read = resourceOf(operation)
    if (!read) throw new Error(`${operationId} has a condition, and no tagged read has a path that its own begins with`)
    const query = read.operationId in REQUIRED_QUERIES ? exampleOf(read.operationId).query : undefined
    return requestTo(read, { path: exampleOf(operationId).path, query })
  }

  /** Learns what the server made where the example shows something of its kind. */
  const learn = (shown: unknown, answered: unknown): void => {
    if (typeof shown === 'string' && typeof answered === 'string' && !made.has(shown)) {
      const kind = kindOf(shown)
      if (kind !== undefined && kind === kindOf(answered) && ![...made.values()].includes(answered)) made.set(shown, answered)
    } else if (typeof shown === 'object' && shown !== null && typeof answered === 'object' && answered !== null)
      for (const [key, value] of Object.entries(shown)) learn(value, (answered as Json)[key])
  }

  /** Lets it be a minute after the request before. */
  const waitMinute = (): void => {
    vi.setSystemTime(EXAMPLES_START + MINUTE * requests)
  }

  const sendNext = (sent: ExampleRequest): Promise<Answer> => {
    waitMinute()
    requests++
    return api.call(...sent)
  }

  /** Holds an answer against the example's: whatever the server makes is of its kind, and the same wherever the examples show the same. */
  const hold = (operationId: string, { status, body }: Answer): void => {
    const { answer } = exampleOf(operationId)
    learn(answer, body)
    expect([status, body]).toEqual([operationOf(operationId).status, ours(answer)])
  }

  /** An answer with the kind of each thing in it that the server has made since. */
  const withoutMade = (answer: unknown): unknown =>
    mapTexts(answer, (text) => ([...made.values()].includes(text) ? text : (kindOf(text) ?? text)))

  /** Makes what other examples stand on: `by` says of which. */
  const make = async (entry: string | Step, by: string): Promise<void> => {
    const { operationId, isOther, step } = readAfter(entry)
    const operation = operationOf(operationId)
    const alone = isOther ? other(operationId) : request(operationId)
    const answer = await sendNext(step ? requestTo(operation, { path: step.path, request: step.request }) : alone)
    if (answer.status !== operation.status)
      throw new Error(`${by} comes after ${operationId}, which answered ${answer.status} ${answer.body.message ?? ''}`)
    if (!isOther) learn(step?.answer ?? exampleOf(operationId).answer, answer.body)
  }

  /** Makes a second thing of the kind that an operation makes. */
  const makeOther = (before: string | Step): Promise<Answer> => {
    if (typeof before === 'string') return sendNext(other(readAfter(before).operationId))
    if (!before.other) throw new Error(`A step of ${before.operation} has no \`other\` request`)
    return sendNext(requestTo(operationOf(before.operation), { path: before.path, ...before.other }))
  }

  return { ...api, partsOf, request, other, resource, waitMinute, sendNext, hold, make, makeOther, withoutMade }
}

/**
 * Lets no job go on, and no account be billed, after a write: what the walks hold of a write is what it does itself, and the rest has tests of
 * its own. Where invoices wait for a bill run, accounts are billed, and their cycles are not announced.
 */
const holdJobs = () =>
  env.DB.prepare(
    `CREATE TRIGGER IF NOT EXISTS walks_hold_jobs AFTER INSERT ON due
     WHEN (
       NEW.kind IN ('JOB', 'REPORT') OR NEW.kind = iif(EXISTS (
         SELECT 1 FROM settings WHERE organization_id = NEW.organization_id AND id = 'auto_advance_invoice'
       ), 'PRICING_CYCLE', 'BILLING')
     ) AND EXISTS (
       SELECT 1 FROM tokens WHERE organization_id = NEW.organization_id AND name = '${EXAMPLES_TOKEN}' AND created_at = ${EXAMPLES_START - 5 * MINUTE}
     )
     BEGIN
       UPDATE due SET due_at = ${Number.MAX_SAFE_INTEGER} WHERE organization_id = NEW.organization_id AND kind = NEW.kind AND subject = NEW.subject;
     END`,
  ).run()

/** Makes the reports of an organization that are held, other than that of the example itself. */
const makeReports = async (id: string): Promise<void> => {
  const { results } = await env.DB.prepare("SELECT kind, subject, due_at AS dueAt FROM due WHERE organization_id = ? AND kind = 'REPORT'")
    .bind(id)
    .all<Due>()
  for (const row of results) await steps.find(({ kind }) => kind === row.kind)?.run(system(id), row)
}

/** An organization in which only what the example of an operation stands on was made. */
export const ready = async (operationId: string) => {
  await holdJobs()
  const { request, other, resource, partsOf, ...api } = await exampleOrganization()
  const { after = [] } = exampleOf(operationId)
  for (const before of after) {
    await api.make(before, operationId)
    await makeReports(api.id)
  }
  api.waitMinute()
  return {
    ...api,
    operation: operationOf(operationId),
    /** The request of the example, with `more` beside its query. */
    request: (more?: Query) => request(operationId, { ...exampleOf(operationId).query, ...more }),
    requestWith: (query: Query) => request(operationId, query),
    other: () => other(operationId),
    resource: () => resource(operationId),
    /** The parameters and bodies of the examples up to this one. */
    examples: () => [...after, operationId].map((entry) => partsOf(readAfter(entry).operationId)),
  }
}

export type Ready = Awaited<ReturnType<typeof ready>>

/** Lets each test of a file begin when the first of the examples is sent; the clock moves on with the requests that `ready` sends. */
export const keepExampleTime = (): void => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: EXAMPLES_START })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
}
