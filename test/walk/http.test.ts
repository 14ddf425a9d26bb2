import { describe, expect, it } from 'vitest'
import { client, organization, send } from '../helpers/api.ts'
import { operations } from '../../src/operations.ts'
import { REQUIRED_QUERIES, walked } from '../helpers/operations.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

const pathOf = (template: string) => template.replaceAll(/\{\w+\}/g, 'nobody')
const sizeOf = (bytes: number) => (bytes < 2 ** 20 ? `${bytes / 2 ** 10} KB` : `${bytes / 2 ** 20} MB`)

const all = walked.map(({ operationId, method, path, json, largestBody, optionalBody }) => ({
  operationId,
  method: method.toUpperCase(),
  path: pathOf(path) + (REQUIRED_QUERIES[operationId] ?? ''),
  json,
  largestBody,
  optionalBody,
}))
const withBody = all.filter(({ json }) => json)
const withoutBody = all.filter(({ method, json }) => method !== 'GET' && !json)

describe('every operation', () => {
  it.each(withBody)('$operationId answers 415 to a body that is not JSON', async ({ method, path }) => {
    const { call } = await organization()
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'application/vnd.api+json',
      'application/json; charset=utf-16',
      'application/json; version=1; charset=latin1',
      'application/json; charset=',
      'application/json; charset = "utf-8x"',
      'application/json, application/json',
      'version=1; application/json',
      '',
    ])
      expect((await call(method, path, '{}', { 'Content-Type': type })).status).toBe(415)
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'application/json; charset=utf8',
      'application/json; version=1',
      'application/json; version="1"; Charset = UTF8;',
      'APPLICATION/JSON',
      'application/json;charset="UTF-8"',
    ])
      expect((await call(method, path, '{"unknown":1}', { 'Content-Type': type })).status).toBe(400)
  })

  it.each(withBody)(
    '$operationId answers 415 to a body that is said to be encoded, and says that it takes none',
    async ({ method, path }) => {
      const { call } = await organization()
      for (const encoding of ['gzip', 'br', 'GZIP', 'identity, gzip', 'utf-8']) {
        const { status, headers, body: answer } = await call(method, path, '{"unknown":1}', { 'Content-Encoding': encoding })
        expect([status, headers.get('Accept-Encoding'), answer.message]).toEqual([
          415,
          'identity',
          'Content-Encoding: must be left out, and the body sent as it is.',
        ])
      }
      for (const encoding of ['identity', 'Identity', ''])
        expect((await call(method, path, '{"unknown":1}', { 'Content-Encoding': encoding })).status).toBe(400)
    },
  )

  it.each(withBody)('$operationId answers 400 to malformed JSON', async ({ method, path, optionalBody }) => {
    const { call } = await organization()
    const notUtf8 = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    for (const text of [...(optionalBody ? [] : ['']), '{', '{"id":1,}', 'null', '[]', '"text"', '5', '['.repeat(100_000), notUtf8]) {
      const { status, body: answer } = await call(method, path, text)
      expect(status).toBe(400)
      expect(answer.message).toMatch(/^Malformed JSON in request body$|^body: must be an object$/)
    }
  })

  it.each(withBody)('$operationId answers 413 to a body that is too large, whether its length is told or not', async (operation) => {
    const { method, path, largestBody } = operation
    const { token, call } = await organization()
    const padded = (length: number) => `{"unknown":"${'x'.repeat(length - 14)}"}`
    expect((await call(method, path, padded(largestBody))).status).toBe(400)
    expect((await call(method, path, padded(largestBody + 1))).status).toBe(413)
    const told = await send(
      new Request(`http://localhost${path}`, {
        method,
        body: padded(largestBody + 1),
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Content-Length': `${largestBody + 1}` },
      }),
    )
    expect([told.status, told.body.message]).toEqual([413, `The body must be ${sizeOf(largestBody)} at most.`])
  })

  it.each(withoutBody)('$operationId, which takes no body, answers 413 to one that is too large', async ({ method, path, largestBody }) => {
    const { call } = await organization()
    const { status, body: answer } = await call(method, path, 'x'.repeat(largestBody + 1))
    expect([status, answer.message]).toEqual([413, `The body must be ${sizeOf(largestBody)} at most.`])
  })

  it.each(all)('$operationId has nothing of its own to say to another method', async ({ path }) => {
    const [plain = ''] = path.split('?')
    const isMatched = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(plain)
    const allowed = operations.filter((operation) => isMatched(operation.path)).map(({ method }) => method.toUpperCase())
    const method = METHODS.find((one) => !allowed.includes(one)) ?? 'OPTIONS'
    const answer = await client(undefined).call(method, path)
    expect(answer.status).toBe(405)
    expect(answer.headers.get('Allow')?.split(', ')).toEqual(expect.arrayContaining(allowed))
    expect(answer.body.message).toContain(allowed[0])
  })
})
