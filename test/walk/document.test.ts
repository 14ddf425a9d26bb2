import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { sealAuditLog } from '../../src/access/audit/seal.ts'
import { connect } from '../../src/db/client.ts'
import { openApiDocument } from '../../src/http/openapi.ts'
import { explainIssues } from '../../src/lib/errors.ts'
import { newId } from '../../src/lib/ids.ts'
import { exampleOf, exampleOrganization, keepExampleTime, ready } from '../helpers/example.ts'
import { walked } from '../helpers/operations.ts'
import { described, said } from '../helpers/reference.ts'

type Json = Record<string, unknown>

const { reference } = said

const HASH = /"[\da-f]{64}"/

/** What is wrong with an example's part by its schema, or with both being there or not. */
const faultIn = (schema: z.ZodMiniType | undefined, value: unknown): string | undefined => {
  if (schema === undefined || value === undefined) return schema === undefined && value === undefined ? undefined : 'one is missing'
  const { success, error } = z.safeParse(schema, value)
  return success ? undefined : explainIssues(error.issues, 'it')
}

describe('an example', () => {
  keepExampleTime()

  it.each(walked)('of $operationId is sent, and answered as it says', async ({ operationId, json, param, answers, status }) => {
    const { path, request, answer } = exampleOf(operationId)
    expect([faultIn(json, request), faultIn(param, path), faultIn(answers[status], answer)]).toEqual([undefined, undefined, undefined])
    const api = await ready(operationId)
    if (HASH.test(JSON.stringify(answer))) await sealAuditLog(connect(env.DB).primary())
    api.hold(operationId, await api.call(...api.request()))
  })

  it.each(walked.filter(({ writes }) => writes))('of $operationId has another one beside it', ({ operationId, json, param }) => {
    const { path, request, other } = exampleOf(operationId)
    const second = { path, request, ...other }
    expect(second, `${operationId} needs an example.other with another path or body`).not.toEqual({ path, request })
    expect([faultIn(json, second.request), faultIn(param, second.path)]).toEqual([undefined, undefined])
  })

  const more = walked.flatMap(({ operationId }) =>
    Object.entries(reference[operationId]?.example?.instead ?? {}).map(([name, value]) => ({
      operationId,
      name,
      query: { [name]: value },
    })),
  )

  it.each(more)('of $operationId is answered alike with $name alone', async ({ operationId, query }) => {
    const api = await ready(operationId)
    api.hold(operationId, await api.call(...api.requestWith(query)))
  })

  it('is held: another value, and an id that is shown for two, are seen', async () => {
    const { call, request, hold } = await exampleOrganization()
    const answer = await call(...request('createCustomer'))
    const { body } = answer
    expect(() => hold('createCustomer', { ...answer, body: { ...body, name: 'Another' } })).toThrow()
    expect(() => hold('createCustomer', { ...answer, body: { ...body, status: 'ACTIVE' } })).toThrow()
    const account = { ...body.account, togaiCustomerId: newId('CUSTOMER', 0) }
    expect(() => hold('createCustomer', { ...answer, body: { ...body, account } })).toThrow()
    hold('createCustomer', answer)
  })
})

const document = openApiDocument(described, said)

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
    expect(new Set(documented.map(({ operationId }) => operationId)).size).toBe(described.length)
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
        expect(own ?? '', `${operationId} ${code} continues what is not there`).not.toMatch(/^Or /)
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

  it('names each schema of an object', () => {
    const objects = nodes.filter(([, node]) => node['type'] === 'object' && node['properties'] !== undefined)
    expect(objects.map(([at]) => at).filter((at) => !/^#\/components\/schemas\/\w+$/.test(at))).toEqual([])
    expect(objects.length).toBeGreaterThan(40)
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
    const used = new Set(described.map(({ tag }) => tag))
    expect(
      [...used].filter((name) => !tags[name]),
      'no reference.ts says what these tags are',
    ).toEqual([])
    expect(
      Object.keys(tags).filter((name) => !used.has(name)),
      'a reference.ts says what these tags are, and nothing has them',
    ).toEqual([])
    for (const { name, description } of document['tags'] as { name: string; description: string }[])
      expect(description, name).toBe(tags[name])
    const names = new Set(documented.flatMap((operation) => operation.parameters.map(({ name }) => name)))
    expect(Object.keys(parameters).filter((name) => !names.has(name))).toEqual([])
    for (const { operationId, parameters: all } of documented)
      for (const parameter of all) expect(resolved(parameter)['description'], operationId).toEqual(sentence)
  })
})
