import { describe, expect, it } from 'vitest'
import type { Answer } from '../helpers/api.ts'
import { keepExampleTime, ready } from '../helpers/example.ts'
import { walked, walkedWrites } from '../helpers/operations.ts'
import { compareRows, readRows } from '../helpers/rows.ts'

keepExampleTime()

const etagOf = ({ headers }: Answer): string => headers.get('ETag') ?? 'none'
const resultOf = ({ status, body }: Answer) => [status, body.message]
const ofCondition = (condition: string) => walkedWrites.filter((operation) => operation.condition === condition)

describe.each(ofCondition('version'))('$operationId', ({ operationId, status }) => {
  it('is made to the version that If-Match names, and refused with 412 to any other', async () => {
    const api = await ready(operationId)
    const request = api.request()
    const before = await readRows(api.id)
    for (const stale of ['"999"', '"0", "998.1"'])
      expect(resultOf(await api.call(...request, { 'If-Match': stale }))).toEqual([412, expect.stringContaining('If-Match')])
    const read = await api.call(...api.resource())
    expect(resultOf(read)).toEqual([200, undefined])
    expect((await api.call(...request, { 'If-None-Match': etagOf(read) })).status).toBe(412)
    expect((await api.call(...request, { 'If-None-Match': '*' })).status).toBe(412)
    expect(compareRows(before, await readRows(api.id))).toEqual([])
    const done = await api.call(...request, { 'If-Match': `"999", ${etagOf(read)}` })
    expect(resultOf(done)).toEqual([status, undefined])
    expect(etagOf(done)).not.toBe(etagOf(read))
    const again = await api.call(...api.resource())
    expect([200, 404]).toContain(again.status)
    if (again.status === 200) expect(etagOf(again)).toBe(etagOf(done))
  })

  it('is made once of 8 that name one version at the same moment', async () => {
    const api = await ready(operationId)
    const match = { 'If-Match': etagOf(await api.call(...api.resource())) }
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.call(...api.request(), match)))
    const [made, ...refused] = answers.map((answer) => answer.status).toSorted()
    expect(made).toBe(status)
    const isStillThere = (await api.call(...api.resource())).status === 200
    expect(refused.filter((one) => one !== 412 && (isStillThere || one !== 404))).toEqual([])
  })

  it('under a key is answered again though its version has passed', async () => {
    const api = await ready(operationId)
    const headers = { 'If-Match': etagOf(await api.call(...api.resource())), 'Idempotency-Key': 'a key' }
    const first = await api.call(...api.request(), headers)
    const again = await api.call(...api.request(), headers)
    expect([again.status, again.body, etagOf(again)]).toEqual([status, first.body, etagOf(first)])
    expect(again.headers.get('Idempotency-Replayed')).toBe('true')
  })

  it('holds a dry run to the version too', async () => {
    const api = await ready(operationId)
    const before = await readRows(api.id)
    expect((await api.call(...api.request({ dry_run: true }), { 'If-Match': '"999"' })).status).toBe(412)
    expect((await api.call(...api.request({ dry_run: true }), { 'If-Match': '*' })).status).toBe(status)
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })
})

describe.each(ofCondition('absence'))('$operationId', ({ operationId, status }) => {
  it('with If-None-Match: * is refused with 412 where it exists, and made where not', async () => {
    const api = await ready(operationId)
    const request = api.request()
    expect(resultOf(await api.call(...request, { 'If-None-Match': '*' }))).toEqual([status, undefined])
    const before = await readRows(api.id)
    expect(resultOf(await api.call(...request, { 'If-None-Match': '*' }))).toEqual([
      412,
      expect.stringContaining('If-None-Match: it exists'),
    ])
    expect((await api.call(...request)).status).toBe(409)
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })
})

describe.each(walkedWrites.filter(({ condition }) => condition !== 'version'))('$operationId', ({ operationId }) => {
  it('with If-Match is refused, since there is nothing to match', async () => {
    const api = await ready(operationId)
    const before = await readRows(api.id)
    for (const value of ['*', '"1"']) expect((await api.call(...api.request(), { 'If-Match': value })).status).toBe(412)
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })
})

/** These change something that the contract lets nobody read by itself, so that no answer could show its version. */
const unread = new Set(['updateLicenseEntryDetails', 'updateFeatureCreditEntry', 'voidFeatureCreditEntry'])

const makesBeneath = walkedWrites.filter(
  ({ condition, path, operationId }) => condition !== 'version' && path.includes('{') && !unread.has(operationId),
)

describe.each(makesBeneath)('$operationId', ({ operationId, status }) => {
  it('changes nothing that was there before, or it would have a version to be held to', async () => {
    const api = await ready(operationId)
    const before = await readRows(api.id)
    expect(resultOf(await api.call(...api.request()))).toEqual([status, undefined])
    const rows = (await readRows(api.id))['audit_log'] ?? []
    const log = rows.map((row) => JSON.parse(row) as { sequence: number; resource_type: string; resource_id: string })
    const nameOf = (row: (typeof log)[number]) => `${row.resource_type} ${row.resource_id}`
    const isOld = ({ sequence }: (typeof log)[number]) => sequence <= (before['audit_log']?.length ?? 0)
    const old = new Set(log.filter(isOld).map(nameOf))
    const changed = log.filter((row) => !isOld(row) && old.has(nameOf(row)))
    expect(changed.map((row) => `${nameOf(row)}: ${operationId} changes it, and has no condition: 'version'`)).toEqual([])
  })
})

it('every operation with a condition on a version shows the new one', () => {
  expect(ofCondition('version').flatMap(({ operationId, tagged }) => (tagged ? [] : [operationId]))).toEqual([])
})

describe.each(walked.filter(({ method, tagged }) => method === 'get' && tagged))('$operationId', ({ operationId }) => {
  it('answers 304 to the current ETag, whole to another, and 412 to another If-Match', async () => {
    const api = await ready(operationId)
    const request = api.request()
    const first = await api.call(...request)
    expect(etagOf(first)).toMatch(/^"\d+(\.[\w.-]+)?"$/)
    for (const value of [etagOf(first), `"x", ${etagOf(first)}`, `W/${etagOf(first)}`, '*']) {
      const answer = await api.call(...request, { 'If-None-Match': value })
      expect([answer.status, etagOf(answer), answer.body]).toEqual([304, etagOf(first), undefined])
    }
    const other = await api.call(...request, { 'If-None-Match': '"999"' })
    expect([other.status, other.body]).toEqual([200, first.body])
    expect((await api.call(...request, { 'If-Match': '"999"' })).status).toBe(412)
    expect((await api.call(...request, { 'If-Match': etagOf(first) })).status).toBe(200)
    expect((await api.call(...request, { 'If-None-Match': 'nonsense' })).status).toBe(400)
  })
})

describe('a list of ETags', () => {
  it.each(['1', 'W', '"1', '1"', '"a" "b"', ',', '*,'])('is refused as If-Match: %s', async (value) => {
    const api = await ready('updateCustomer')
    const { status, body } = await api.call(...api.request(), { 'If-Match': value })
    expect([status, body.message]).toEqual([400, 'If-Match: must be the ETag of an answer, in its quotes, or *'])
  })

  it.each(['TAG,', ', TAG', 'TAG,, "999"', ' , TAG , ,'])('counts an empty element of %s for nothing', async (list) => {
    const api = await ready('updateCustomer')
    const tag = etagOf(await api.call(...api.resource()))
    const change = (named: string) => api.call(...api.request(), { 'If-Match': list.replace('TAG', named) })
    expect((await change('"998"')).status).toBe(412)
    expect((await change(tag)).status).toBe(200)
  })
})
