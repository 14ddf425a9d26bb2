import { describe, expect, it } from 'vitest'
import { openApiDocument } from '../../src/http/openapi.ts'
import { clientExceptions, clientOperations, findRefusals, isExcepted, readAnswer, readShape } from '../helpers/client_models.ts'
import { clientRequests } from '../helpers/client_requests.ts'
import { keepExampleTime, ready } from '../helpers/example.ts'
import { walked, walksAll } from '../helpers/operations.ts'
import { described, said } from '../helpers/reference.ts'
import { type Gap, findFaults, findGaps, shapeOf } from '../helpers/shapes.ts'

interface Content {
  content?: Record<string, { schema: Record<string, unknown> }>
}

interface Documented {
  requestBody?: Content
  responses: Record<string, Content>
}

const document = openApiDocument(described, said) as {
  paths: Record<string, Record<string, Documented>>
  components: { schemas: Record<string, Record<string, unknown>> }
}

const shapeIn = ({ content }: Content) => {
  const { schema } = content?.['application/json'] ?? {}
  return schema && shapeOf(document.components.schemas, schema)
}

/** A bound that a schema does not say is held where values are made: every answer of every test is read as the clients read it. */
const isOfKind = ([, what]: Gap): boolean => !/^may be (-?\d+|any number), and|^may be another text than/.test(what)

/** The operations of the contract among those that are walked. */
const shared = walked.filter(({ operationId }) => clientOperations[operationId])

/** The kinds of entities that settings have; the clients let any text through. */
const ASKED_NARROWER = new Set(['insertSetting .entityType may be any text'])

describe('the clients', () => {
  it.runIf(walksAll)('know 151 operations, and each is there', () => {
    expect(shared.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(clientOperations).toSorted())
    expect(shared).toHaveLength(151)
  })

  it('read whatever the schema of an answer lets through, but for what is said', () => {
    const found = new Set<string>()
    for (const { operationId, path, method } of shared)
      for (const [status, response] of Object.entries(document.paths[path]?.[method]?.responses ?? {})) {
        const shape = shapeIn(response)
        if (!shape || !status.startsWith('2')) continue
        expect(clientOperations[operationId]?.answers, `${operationId} ${status}`).toHaveProperty(status)
        for (const [at, what] of findGaps(shape, readAnswer(operationId, status)).filter(isOfKind))
          if (!isExcepted(operationId, at)) found.add(`${operationId} ${at} ${what}`)
      }
    expect([...found]).toEqual([])
  })

  it('send only what an operation knows, and leave out nothing that it requires', () => {
    const found = new Set<string>()
    for (const { operationId, path, method } of shared) {
      const shape = shapeIn(document.paths[path]?.[method]?.requestBody ?? {})
      const sent = clientOperations[operationId]?.body
      expect(sent !== undefined, operationId).toBe(shape !== undefined)
      if (!sent || !shape) continue
      for (const [at, what] of findGaps(readShape(sent), shape).filter(isOfKind)) found.add(`${operationId} ${at} ${what}`)
    }
    expect([...found].filter((gap) => !ASKED_NARROWER.has(gap))).toEqual([])
  })

  it('are excepted only where they refuse something', () => {
    for (const { operations } of clientExceptions)
      for (const operationId of operations) expect(clientOperations, operationId).toHaveProperty(operationId)
    expect(findRefusals('getInvoice', 200, {})).not.toEqual([])
    expect(findFaults({ message: 1 }, readShape('ErrorResponse'))).not.toEqual([])
  })
})

describe.runIf(shared.length)('a request', () => {
  keepExampleTime()

  it.each(shared)('for $operationId is built by each client, answered, and the answer read', async ({ operationId, status, writes }) => {
    const api = await ready(operationId)
    const [method, path, body] = api.request()
    const requests = clientRequests(operationId, [method, path, body])
    for (const { client, path: asked, body: sent, headers } of requests) {
      /** The writes of all clients but the last are tried. */
      const isTried = writes && client !== requests.at(-1)?.client
      const tried = isTried ? `${asked}${asked.includes('?') ? '&' : '?'}dry_run=true` : asked
      const answer = await api.call(method, tried, sent, headers)
      expect([client, answer.status, answer.body?.message]).toEqual([client, status, undefined])
    }
  })
})
