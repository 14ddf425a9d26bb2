import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { organization } from '../helpers/api.ts'

type Api = Awaited<ReturnType<typeof organization>>

/** Jobs as their type and status, the one that changed last first. */
const JOBS = [
  ['BILL_RUN', 'COMPLETED'],
  ['EVENT_CORRECTIONS', 'WAITING_FOR_CONFIRMATION'],
  ['BILL_RUN', 'FAILED'],
  ['PRICE_PLAN', 'PENDING'],
  ['EVENT_CORRECTIONS', 'PENDING'],
  ['BILL_RUN', 'IN_PROGRESS'],
  ['EVENT_CORRECTIONS', 'COMPLETED'],
] as const

const withJobs = async (): Promise<Api> => {
  const api = await organization()
  await env.DB.batch(
    JOBS.map(([type, status], place) =>
      env.DB.prepare(
        `INSERT INTO jobs (id, organization_id, type, status, request, created_at, updated_at, settled_at, version)
         VALUES (?1 || ?2, ?1, ?3, ?4, '{}', 0, ?5, NULL, 1)`,
      ).bind(api.id, place, type, status, Math.floor((10 - place) / 2)),
    ),
  )
  return api
}

/** The places in JOBS of all jobs of a list, read in pages of a size. */
const walk = async ({ id, get }: Api, query: string, size: number): Promise<number[]> => {
  const seen: number[] = []
  for (let path = `/jobs?pageSize=${size}&${query}`; path;) {
    const { status, body } = await get(path)
    expect([status, body.message]).toEqual([200, undefined])
    seen.push(...body.data.map((job: { id: string }) => Number(job.id.slice(id.length))))
    path = body.nextToken ? `/jobs?nextToken=${encodeURIComponent(body.nextToken)}` : ''
  }
  return seen
}

it('jobs are listed by type and by one or several statuses', async () => {
  const api = await withJobs()
  for (const [query, expected] of [
    ['', [0, 1, 2, 3, 4, 5, 6]],
    ['type=EVENT_CORRECTIONS', [1, 4, 6]],
    ['status=PENDING', [3, 4]],
    ['status=PENDING,WAITING_FOR_CONFIRMATION,IN_PROGRESS', [1, 3, 4, 5]],
    ['status=COMPLETED,FAILED&type=BILL_RUN', [0, 2]],
    ['status=CANCELLED', []],
  ] as const)
    for (const size of [1, 2, 20])
      expect(
        (await walk(api, query, size)).toSorted((one, other) => one - other),
        query,
      ).toEqual(expected)
  expect(await walk(await organization(), 'status=PENDING,COMPLETED', 20)).toEqual([])
})

it.each([
  ['type=INVOICE', 'type: '],
  ['status=DONE', 'status: must be one or several of SCHEDULED, PENDING,'],
  ['status=PENDING,,FAILED', 'status: must be'],
])('the list of jobs refuses %s', async (query, message) => {
  const { get } = await organization()
  expect(await get(`/jobs?${query}`)).toMatchObject({ status: 400, body: { message: expect.stringContaining(message) } })
})

it('the entries of a job have no such filters', async () => {
  const api = await withJobs()
  expect((await api.get(`/jobs/${api.id}0/entries?status=PENDING`)).status).toBe(400)
})
