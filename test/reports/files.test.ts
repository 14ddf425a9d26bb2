import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { dispositionOf } from '../../src/reports/files/download.ts'
import { signLink, verifyLink } from '../../src/lib/links.ts'
import { organization } from '../helpers/api.ts'
import { doDue } from '../helpers/ledgers.ts'
import { fetchLink, make, query } from '../helpers/reports.ts'

const withFile = async (name = 'A report') => {
  const api = await organization()
  return { api, report: await make(api, query('accounts', ['name']), { name }) }
}

const DAY = 86_400_000

describe('a file', () => {
  it('is reached by a link that needs no token, with its name, its type and its size', async () => {
    const { api, report } = await withFile('Größe "1/2": 日本')
    const { status, headers, body } = await api.get(`/files/${report.fileId}`)
    expect([status, headers.get('Location'), body]).toEqual([
      302,
      expect.stringMatching(/^http:\/\/localhost\/downloads\/file\./),
      { location: headers.get('Location') },
    ])
    const response = await fetchLink(headers.get('Location') ?? '')
    expect([response.status, await response.text()]).toEqual([200, 'name\r\n'])
    const [time] = report.createdAt.replaceAll(':', '-').split('.')
    const shown = Object.fromEntries(response.headers)
    expect(shown).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-length': '6',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(shown['content-disposition']).toBe(
      `attachment; filename="Gr__e -1-2-- ___${time}Z.csv"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20-1-2--%20%E6%97%A5%E6%9C%AC_${time}Z.csv`,
    )
    const head = await fetchLink(report.preSignedUrl, { method: 'HEAD' })
    expect([head.status, head.headers.get('Content-Length'), await head.text()]).toEqual([200, '6', ''])
    expect((await fetchLink(report.preSignedUrl, { method: 'POST' })).status).toBe(405)
  })

  it('has links that end when they were asked to', async () => {
    const { api, report } = await withFile()
    const now = Math.floor(Date.now() / 1000)
    for (const [asked, seconds] of [
      ['', 900],
      ['?expiry=1', 1],
      ['?expiry=604800', 604_800],
    ] as const) {
      const { status, body } = await api.get(`/files/${report.fileId}/download_url${asked}`)
      const until = Number(new URL(body.downloadUrl).searchParams.get('until'))
      expect([status, until - now]).toEqual([200, expect.toBeOneOf([seconds, seconds + 1, seconds + 2])])
    }
    for (const expiry of ['0', '604801', '1.5', '-1', 'x', ''])
      expect(await api.get(`/files/${report.fileId}/download_url?expiry=${expiry}`)).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('expiry: must be a whole number of seconds') },
      })
    const { body } = await api.get(`/files/${report.fileId}/download_url?expiry=60`)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    const ended = await fetchLink(body.downloadUrl)
    expect([ended.status, await ended.json()]).toEqual([410, { message: expect.stringContaining('This link has ended') }])
    vi.useRealTimers()
  })

  it('is not had by a link that was changed, nor by one of another secret', async () => {
    const [{ report }, other] = [await withFile(), await withFile()]
    const link = new URL(report.preSignedUrl)
    const wrong = (change: (url: URL) => void): string => {
      const url = new URL(link)
      change(url)
      return url.href
    }
    const strange = await signLink('http://localhost', 'another secret', report.fileId, 4_000_000_000)
    for (const url of [
      wrong((one) => one.searchParams.set('until', '4000000000')),
      wrong((one) => one.searchParams.delete('until')),
      wrong((one) => one.searchParams.delete('signature')),
      wrong((one) => one.searchParams.set('signature', `${link.searchParams.get('signature')}A`)),
      wrong((one) => (one.pathname = `/downloads/${other.report.fileId}`)),
      strange,
    ]) {
      const response = await fetchLink(url)
      expect([url, response.status, await response.json()]).toEqual([
        url,
        403,
        { message: expect.stringContaining('not one that was given') },
      ])
    }
    expect((await fetchLink(strange, {}, { SIGNING_SECRET: 'a new one', SIGNING_SECRET_PREVIOUS: 'another secret' })).status).toBe(200)
    const nothing = await fetchLink(await signLink('http://localhost', env.SIGNING_SECRET, 'file.unknown', 4_000_000_000))
    expect([nothing.status, await nothing.json()]).toEqual([404, { message: 'There is no such file.' }])
    expect(await verifyLink(['s'], 'f', { until: 'NaN', signature: 'x' }, 0)).toBe('WRONG')
  })

  it('is sent as often as the limit allows, and so are refusals to an address', async () => {
    const { report } = await withFile()
    const counted: string[] = []
    const limited = (isWithin: boolean) => ({
      REFUSED_LIMIT: { limit: ({ key }: { key: string }) => Promise.resolve({ success: counted.push(key) > 0 && isWithin }) },
    })
    const from = { headers: { 'CF-Connecting-IP': '2001:db8:1:2:3::4' } }
    const wrong = report.preSignedUrl.replace('signature=', 'signature=A')
    for (const [url, isWithin, status, said] of [
      [report.preSignedUrl, true, 200, 'name'],
      [report.preSignedUrl, false, 429, 'This file is asked for too often'],
      [wrong, true, 403, 'not one that was given'],
      [wrong, false, 429, 'links that are not valid'],
    ] as const) {
      const response = await fetchLink(url, from, limited(isWithin))
      expect([response.status, response.headers.get('Retry-After'), await response.text()]).toEqual([
        status,
        status === 429 ? '60' : null,
        expect.stringContaining(said),
      ])
    }
    expect(counted).toEqual([`download ${report.fileId}`, `download ${report.fileId}`, '2001:db8:1:2', '2001:db8:1:2'])
  })

  it('is of its organization', async () => {
    const { report } = await withFile()
    const stranger = await organization()
    for (const path of [`/files/${report.fileId}`, `/files/${report.fileId}/download_url`])
      expect(await stranger.get(path)).toMatchObject({ status: 404, body: { message: `The file "${report.fileId}" does not exist.` } })
  })

  it('that is gone from the bucket is said to be', async () => {
    const { api, report } = await withFile()
    for (const { key } of (await env.FILES.list({ prefix: `${api.id}/` })).objects) await env.FILES.delete(key)
    const response = await fetchLink(report.preSignedUrl)
    expect([response.status, await response.json()]).toEqual([410, { message: 'This file is not kept any more.' }])
  })

  it('is deleted when it has been kept for 400 days', async () => {
    const { api, report } = await withFile()
    await env.FILES.put(`${api.id}/reports/${report.id}/left-behind`, 'by a run that was killed')
    await doDue(api.id, undefined, Date.now() + 399 * DAY)
    expect((await fetchLink(report.preSignedUrl)).status).toBe(200)
    await doDue(api.id, undefined, Date.now() + 401 * DAY)
    expect((await env.FILES.list({ prefix: `${api.id}/` })).objects).toEqual([])
    expect((await fetchLink(report.preSignedUrl)).status).toBe(410)
    expect((await api.get(`/reports/${report.id}`)).body.status).toBe('COMPLETED')
  })

  it('has a name that no header breaks', () => {
    expect(dispositionOf('a\r\nSet-Cookie: x="1"', 'text/csv')).toBe(
      `attachment; filename="a__Set-Cookie: x=_1_"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3D%221%22`,
    )
  })
})
