import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type Answer, type Api, changed, client, failed, unreadable, watched, writesIn } from '../helpers/api.ts'
import { type Ready, keepExampleTime, ready } from '../helpers/example.ts'
import { walkedCommits } from '../helpers/operations.ts'
import { type Rows, compareRows, readRows } from '../helpers/rows.ts'

keepExampleTime()

const KEY = { 'Idempotency-Key': 'a key' }
const sizesOf = (rows: Rows) => Object.entries(rows).map(([table, { length }]) => `${table} ${length}`)
const replayed = ({ headers }: Answer) => headers.get('Idempotency-Replayed')
const withoutReplay = ({ status, body, headers }: Answer) => ({ status, body, location: headers.get('Location') })

describe.each(walkedCommits)('$operationId', ({ operationId, status }) => {
  const succeeded = [status, undefined]
  const sent = (api: Ready, { call }: Pick<Api, 'call'> = api) => call(...api.request(), KEY)
  const resultOf = (answer: Answer) => [answer.status, answer.body.message]

  let once: Promise<string[]> | undefined
  /** How many rows there are when the request was made once and nothing went wrong. */
  const sizesOfOne = () =>
    (once ??= (async () => {
      const alone = await ready(operationId)
      expect(resultOf(await sent(alone))).toEqual(succeeded)
      return sizesOf(await readRows(alone.id))
    })())

  it('under a key gives the first answer again, and changes nothing', async () => {
    const api = await ready(operationId)
    const before = await readRows(api.id)
    const first = await sent(api)
    expect([...resultOf(first), replayed(first)]).toEqual([...succeeded, null])
    const after = await readRows(api.id)
    expect(compareRows(before, after)).not.toEqual([])
    for (let again = 0; again < 2; again++) {
      const answer = await sent(api)
      expect([withoutReplay(answer), replayed(answer)]).toEqual([withoutReplay(first), 'true'])
    }
    expect(compareRows(after, await readRows(api.id))).toEqual([])
    expect(resultOf(await api.call(...api.other(), KEY))).toEqual([
      422,
      expect.stringContaining('Idempotency-Key: was used for another request'),
    ])
    expect(compareRows(after, await readRows(api.id))).toEqual([])
  })

  it('12 at the same moment under one key: one does the work, all get its answer', async () => {
    const api = await ready(operationId)
    const answers = await Promise.all(Array.from({ length: 12 }, () => sent(api)))
    expect(new Set(answers.map((answer) => JSON.stringify(withoutReplay(answer)))).size).toBe(1)
    expect(answers.filter((answer) => replayed(answer) === null)).toHaveLength(1)
    expect(answers[0]?.status).toBe(status)
    expect(sizesOf(await readRows(api.id))).toEqual(await sizesOfOne())
  })

  it('says in a dry run what it would answer, in as many round trips, and keeps nothing', async () => {
    const api = await ready(operationId)
    const before = await readRows(api.id)
    const { d1, seen } = watched()
    const { call } = client(api.token, d1)
    const tryOut = () => call(...api.request({ dry_run: true }), KEY)
    expect(resultOf(await tryOut())).toEqual(succeeded)
    const calls = seen.calls
    const dry = await tryOut()
    const dryCalls = seen.calls - calls
    expect(compareRows(before, await readRows(api.id))).toEqual([])
    const real = await call(...api.request({ dry_run: false }), KEY)
    expect([...resultOf(real), replayed(real)]).toEqual([...succeeded, null])
    expect(seen.calls - calls - dryCalls).toBe(dryCalls)
    expect(api.withoutMade(dry.body)).toEqual(api.withoutMade(real.body))
  })

  it('asks D1 no more often with a new key than without', async () => {
    const counts: number[] = []
    for (const headers of [{}, KEY]) {
      const api = await ready(operationId)
      const { d1, seen } = watched()
      expect(resultOf(await client(api.token, d1).call(...api.request(), headers))).toEqual(succeeded)
      counts.push(seen.calls)
    }
    expect(counts[1]).toBe(counts[0])
  })

  it.each(['before', 'during', 'after', 'answered'] as const)(
    'ends in one change when it fails %s its batch, and is sent again',
    async (fails) => {
      const api = await ready(operationId)
      const before = await readRows(api.id)
      const LOST = failed('Network connection lost.')
      const failing = changed((session) => ({
        batch: async (statements) => {
          if (!writesIn(statements)) return session.batch(statements)
          if (fails === 'before') throw LOST
          const broken = env.DB.prepare("INSERT INTO refusals VALUES ('PLANTED', '[]')")
          if (fails === 'during') return session.batch(statements.toSpliced(Math.ceil(statements.length / 2), 0, broken))
          const results = await session.batch(statements)
          if (fails === 'after') throw LOST
          return results as never
        },
      }))
      const lost = await sent(api, client(api.token, failing))
      expect(lost.status).toBe({ before: 503, during: 500, after: 503, answered: status }[fails])
      const isMade = fails === 'after' || fails === 'answered'
      if (!isMade) expect(compareRows(before, await readRows(api.id))).toEqual([])
      if (isMade) expect((await sent(api, client(api.token, unreadable(LOST)))).status).toBe(503)
      const again = await sent(api)
      expect([...resultOf(again), replayed(again)]).toEqual([...succeeded, isMade ? 'true' : null])
      const after = await readRows(api.id)
      expect(replayed(await sent(api))).toBe('true')
      expect(compareRows(after, await readRows(api.id))).toEqual([])
      expect(sizesOf(after)).toEqual(await sizesOfOne())
    },
  )
})

it.runIf(walkedCommits.length === 0)('has nothing to walk in a domain that writes nothing', () => {
  expect(walkedCommits).toEqual([])
})
