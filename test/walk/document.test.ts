import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod/mini'
import { sealAuditLog } from '../../src/access/audit/seal.ts'
import { connect } from '../../src/db/client.ts'
import * as examples from '../../src/lib/examples.ts'
import { openApiDocument } from '../../src/http/openapi.ts'
import type { Operation } from '../../src/http/operation.ts'
import { newId } from '../../src/lib/ids.ts'
import { operations } from '../../src/operations.ts'
import { hashToken } from '../../src/access/tokens/secret.ts'
import page from '../data/create-a-customer.json'
import { type Answer, client } from '../helpers/api.ts'
import { said } from '../helpers/reference.ts'

type Json = Record<string, unknown>

const { reference } = said

const operationOf = (id: string): Operation => operations.find(({ operationId }) => operationId === id) as Operation

const exampleOf = (id: string) => reference[id]?.example ?? { answer: {}, after: [] }

/** What is made by the server and cannot be known: ids of ours, secrets, JWTs, hashes and what leads to a next page. Times are those of the clock. */
const MADE = [
  /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
  /^togai_\w{46}$/,
  /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}$/,
  /^[\da-f]{64}$/,
  /^eyJ[\w-]+\.[\w-]{43}$/,
]

/** What kind of these a text is; ids of ours are of the kind that they begin with. */
const kindOf = (text: string): string | undefined =>
  /^([a-z_]+)\.\w{11}\.\w{5}$/.exec(text)?.[1] ?? MADE.find((form) => form.test(text))?.source

/** A value with `change` made to each text that it is made of. */
const mapped = (value: unknown, change: (text: string) => unknown): unknown => {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapped(item, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, change)]))
}

/** An organization with one token, whose clock is that of the examples, and what it was made in place of what they show. */
const organization = async () => {
  const now = Date.parse(examples.first)
  const id = crypto.randomUUID()
  const tokenId = newId('TOKEN', now - 5 * 60_000)
  await env.DB.batch([
    env.DB.prepare("INSERT INTO organizations (id, name, base_currency, created_at) VALUES (?1, ?1, 'USD', 0)").bind(id),
    env.DB.prepare('INSERT INTO tokens (id, organization_id, name, hash, created_at, last_used_on) VALUES (?, ?, ?, ?, ?, ?)').bind(
      tokenId,
      id,
      'First token',
      await hashToken(id),
      now - 5 * 60_000,
      examples.first.slice(0, 10),
    ),
  ])
  const { call } = client(id)
  const made = new Map([[examples.tokenId, tokenId]])
  let requests = 0

  const ask = (operationId: string, query: Json | undefined): Promise<Answer> => {
    const { method, path: template } = operationOf(operationId)
    const { path, request } = exampleOf(operationId)
    const ours = (value: unknown): unknown => mapped(value, (text) => made.get(text) ?? text)
    const url = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(ours(path?.[name]))))
    const asked = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(String(ours(value)))}`)
    vi.setSystemTime(now + 60_000 * requests++)
    return call(method.toUpperCase(), `${url}${asked.length ? `?${asked.join('&')}` : ''}`, ours(request))
  }

  /** The example's answer as it must be here: whatever the server makes is of its kind, and the same wherever the examples show the same. */
  const hold = (operationId: string, { status, body }: Answer): void => {
    const agree = (shown: unknown, is: unknown): void => {
      if (typeof shown === 'string' && typeof is === 'string' && !made.has(shown)) {
        const kind = kindOf(shown)
        if (kind !== undefined && kind === kindOf(is) && ![...made.values()].includes(is)) made.set(shown, is)
      } else if (typeof shown === 'object' && shown !== null && typeof is === 'object' && is !== null)
        for (const [key, value] of Object.entries(shown)) agree(value, (is as Json)[key])
    }
    const { answer } = exampleOf(operationId)
    agree(answer, body)
    expect([status, body]).toEqual([operationOf(operationId).status, mapped(answer, (text) => made.get(text) ?? text)])
  }

  return {
    ask,
    hold,
    send: async (operationId: string, query?: Json): Promise<void> =>
      hold(operationId, await ask(operationId, query ?? exampleOf(operationId).query)),
  }
}

/** An organization in which there is what an example names. */
const ready = async (operationId: string) => {
  const its = await organization()
  for (const before of exampleOf(operationId).after ?? []) await its.send(before)
  await sealAuditLog(connect(env.DB).primary())
  return its
}

describe('an example', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it.each(operations)('of $operationId is sent, and answered as it says', async ({ operationId, json, param, answers, status }) => {
    const { path, request, answer } = exampleOf(operationId)
    expect(request === undefined).toBe(json === undefined)
    if (json) expect(z.safeParse(json, request)).toMatchObject({ success: true })
    if (param) expect(z.safeParse(param, path)).toMatchObject({ success: true })
    expect(z.safeParse(answers[status] as z.ZodMiniType, answer)).toMatchObject({ success: true })
    const { send } = await ready(operationId)
    await send(operationId)
  })

  const more = operations.flatMap(({ operationId }) =>
    Object.entries(exampleOf(operationId).instead ?? {}).map(([name, value]) => ({ operationId, name, query: { [name]: value } })),
  )

  it.each(more)('of $operationId is answered alike with $name alone', async ({ operationId, query }) => {
    const { send } = await ready(operationId)
    await send(operationId, query)
  })

  it('of createCustomer is that of the page which the API starts from', () => {
    expect(exampleOf('createCustomer').request).toEqual(page.request)
  })

  it('is held: another value, and an id that is shown for two, are seen', async () => {
    const { ask, hold } = await organization()
    const answer = await ask('createCustomer', {})
    const { body } = answer
    expect(() => hold('createCustomer', { ...answer, body: { ...body, name: 'Another' } })).toThrow()
    expect(() => hold('createCustomer', { ...answer, body: { ...body, status: 'ACTIVE' } })).toThrow()
    const account = { ...body.account, togaiCustomerId: newId('CUSTOMER', 0) }
    expect(() => hold('createCustomer', { ...answer, body: { ...body, account } })).toThrow()
    hold('createCustomer', answer)
  })
})

const document = openApiDocument(operations, said)

interface Documented {
  operationId: string
  tags: string[]
  summary: string
  description: string
  parameters: Json[]
  requestBody?: Json
  responses: Record<string, Json>
}

const documented = Object.values(document['paths'] as Record<string, Record<string, Documented>>).flatMap((path) => Object.values(path))

/** Every object of the document with where it is; examples are none of its own. */
const walk = (value: unknown, at = '#'): [at: string, node: Json][] => {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([key, item]) => (key === 'example' ? [] : walk(item, `${at}/${key}`)))
  return Array.isArray(value) ? inside : [[at, value as Json], ...inside]
}
const nodes = walk(document)

const resolved = (node: Json): Json => {
  const { $ref } = node
  if (typeof $ref !== 'string') return node
  expect($ref).toMatch(/^#\//)
  const found = $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((inside, key) => (inside as Json | undefined)?.[key], document)
  expect(found, $ref).toBeTypeOf('object')
  return found as Json
}

const sentence = expect.stringMatching(/^[A-Z*](?:.|\n)*\.$/) as string

const schemaIn = (holder: Json | undefined): unknown =>
  (resolved(holder ?? {})['content'] as Record<string, { schema: unknown }> | undefined)?.['application/json']?.schema

describe('the document', () => {
  it('says of each operation what it is called, what it does and what it refuses', () => {
    expect(new Set(documented.map(({ operationId }) => operationId)).size).toBe(operations.length)
    expect(Object.keys(reference).toSorted()).toEqual(operations.map(({ operationId }) => operationId).toSorted())
    for (const { operationId, summary, description } of documented) {
      expect(summary, operationId).toMatch(/^[A-Z].*[^.]$/)
      expect(reference[operationId]?.description, operationId).toEqual(sentence)
      expect(description, operationId).toEqual(sentence)
    }
  })

  it('gives each refusal its cause, and what is an operation’s own in its description too', () => {
    for (const { operationId, description, responses } of documented)
      for (const [code, response] of Object.entries(responses).filter(([status]) => status.startsWith('4'))) {
        const { description: cause } = resolved(response) as { description: string }
        expect(cause, `${operationId} ${code}`).toEqual(sentence)
        expect(cause.split(' ').length, `${operationId} ${code}`).toBeGreaterThan(3)
        const [, own] = new RegExp(`^- \\*\\*${code}\\*\\* (.*)$`, 'm').exec(description) ?? []
        if (typeof response['$ref'] === 'string') expect(own, `${operationId} ${code}`).toBeUndefined()
        else if (code !== '422') expect(cause.endsWith(own ?? 'no words of its own'), `${operationId} ${code}`).toBe(true)
      }
  })

  it('names each body and each answer, and refers to nothing that is not there', () => {
    for (const [, node] of nodes) resolved(node)
    for (const { operationId, requestBody, responses } of documented)
      for (const schema of [schemaIn(requestBody), ...Object.values(responses).map(schemaIn)])
        if (schema !== undefined)
          expect(schema, operationId).toEqual({ $ref: expect.stringMatching(/^#\/components\/schemas\/\w+$/) as string })
  })

  it('names each schema of an object, and writes none twice', () => {
    const objects = nodes.filter(([, node]) => node['type'] === 'object' && node['properties'] !== undefined)
    expect(objects.map(([at]) => at).filter((at) => !/^#\/components\/schemas\/\w+$/.test(at))).toEqual([])
    const written = objects.map(([, node]) => JSON.stringify({ ...node, description: undefined }))
    expect(written.filter((schema, index) => written.indexOf(schema) < index)).toEqual([])
    expect(written.length).toBeGreaterThan(40)
  })

  it('has an example for every parameter of a path, and for those of a query that no server makes', () => {
    const unknown = new Set(['nextToken', 'dry_run'])
    for (const { operationId, parameters } of documented)
      for (const { name, in: place, example, examples: alone } of parameters)
        if (place === 'path' || (place === 'query' && !unknown.has(String(name))))
          expect(example ?? alone, `${operationId} ${String(name)}`).toBeDefined()
  })

  it('says what each tag and each parameter is, and of none that it does not have', () => {
    const { tags, parameters } = said
    expect(document['tags']).toEqual(expect.toSatisfy((shown: object[]) => shown.length === Object.keys(tags).length))
    for (const { name, description } of document['tags'] as { name: string; description: string }[])
      expect(description, name).toBe(tags[name])
    const names = new Set(documented.flatMap((operation) => operation.parameters.map(({ name }) => name)))
    expect(Object.keys(parameters).filter((name) => !names.has(name))).toEqual([])
    for (const { operationId, parameters: all } of documented)
      for (const parameter of all) expect(resolved(parameter)['description'], operationId).toEqual(sentence)
  })
})
