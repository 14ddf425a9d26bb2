import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Operation } from '../../src/http/operation.ts'
import { type Answer, client } from '../helpers/api.ts'
import { REFUSED, ROLES, UNAUTHORIZED, type World, refusalOf, withCredentials } from '../helpers/credentials.ts'
import { keepExampleTime } from '../helpers/example.ts'
import { REQUIRED_QUERIES, walked } from '../helpers/operations.ts'
import { type Rows, compareRows, readRows } from '../helpers/rows.ts'

keepExampleTime()

let world: World
let before: Rows

beforeAll(async () => {
  world = await withCredentials('getCustomer')
  before = await readRows(world.mine.id)
})

beforeEach(() => {
  vi.setSystemTime(world.now)
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) vi.spyOn(console, level).mockImplementation(() => {})
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** A request for what is not there, which changes nothing whoever sends it. */
const requestTo = ({ operationId, method, path, json, writes }: Operation) => {
  const required = REQUIRED_QUERIES[operationId] ?? ''
  const dry = writes ? `${required ? '&' : '?'}dry_run=true` : ''
  return [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'nobody') + required + dry, json && {}] as const
}

const send = (credential: string | undefined, operation: Operation): Promise<Answer> =>
  client(undefined).call(...requestTo(operation), credential === undefined ? {} : { Authorization: credential })

const said = ({ status, body }: Answer) => [status, (body as { message?: string } | undefined)?.message]

const every = walked.map((operation) => ({ operation, operationId: operation.operationId }))

describe('every operation', () => {
  it.each(Object.entries(REFUSED))('refuses %s', async (_, authorization) => {
    const credential = await authorization(world)
    const answers: unknown[] = []
    for (const { operation, operationId } of every) answers.push([operationId, ...said(await send(credential, operation))])
    expect(answers).toEqual(every.map(({ operationId }) => [operationId, 401, UNAUTHORIZED.message]))
    expect(compareRows(before, await readRows(world.mine.id))).toEqual([])
  })

  it.each(ROLES)('lets %s in if the role may, and answers as it does to an administrator', async (_, role, token) => {
    const { administrator } = world
    for (const { operation, operationId } of every) {
      const refusal = refusalOf(operation, role)
      const answer = said(await send(`Bearer ${token(world)}`, operation))
      const right = refusal === undefined ? said(await send(`Bearer ${administrator.token}`, operation)) : [403, refusal]
      expect([operationId, ...answer]).toEqual([operationId, ...right])
      if (refusal === undefined)
        expect([operationId, answer[0]]).toEqual([operationId, expect.toBeOneOf([200, 201, 202, 304, 400, 404, 409, 422])])
    }
    expect(compareRows(before, await readRows(world.mine.id))).toEqual([])
  })

  it.each(['all', 'one', 'none'] as const)('is for no portal token of %s of the accounts, unless it is for the portal', async (which) => {
    for (const { operation, operationId } of every.filter((one) => !one.operation.portal))
      expect([operationId, ...said(await send(`Bearer ${world.portals[which]}`, operation))]).toEqual([
        operationId,
        403,
        'A portal token reads what belongs to its customer and accounts, and nothing else.',
      ])
    expect(compareRows(before, await readRows(world.mine.id))).toEqual([])
  })
})
