import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { app } from '../../src/app.ts'
import { doDueOf } from '../../src/access/due/service.ts'
import { connect } from '../../src/db/client.ts'
import { steps } from '../../src/steps.ts'
import type { Answer, Api } from './api.ts'
import { system } from './ledgers.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** A query, without what most queries do not need. */
export const query = (baseDataSource: string, selects: Loose[], more: Loose = {}) => ({
  baseDataSource,
  selects: selects.map((one) => (typeof one === 'string' ? { columnName: one } : one)),
  sort: [],
  limit: 100_000,
  ...more,
})

export const ask = (api: Pick<Api, 'post'>, queryInput: Loose, more: Loose = {}): Promise<Answer> =>
  api.post('/reports', { name: 'A report', queryInput, ...more })

/** Does what is due of reports, until nothing is left, as `scheduled` does. */
export const doReports = (id: string, now = Date.now() + 1000, d1 = env.DB) =>
  doDueOf(
    { ...system(id, now), session: connect(d1).primary() },
    steps.filter(({ kind }) => kind.startsWith('REPORT')),
  )

/** Sends a request for a link, without a token. */
export const fetchLink = (url: string, init: RequestInit = {}, bindings: object = {}): Promise<Response> =>
  Promise.resolve(
    app.fetch(
      new Request(url, init),
      { DB: env.DB, FILES: env.FILES, SIGNING_SECRET: env.SIGNING_SECRET, ...bindings },
      createExecutionContext(),
    ),
  )

/** Makes a report, and gives it as it is then. */
export const make = async (api: Pick<Api, 'get' | 'post' | 'id'>, queryInput: Loose, more: Loose = {}): Promise<Loose> => {
  const asked = await ask(api, queryInput, more)
  expect([asked.status, asked.body.message]).toEqual([201, undefined])
  await finish(api, asked.body.id)
  return (await api.get(`/reports/${asked.body.id}`)).body
}

/** Waits until a report has ended. */
export const finish = async (api: Pick<Api, 'get' | 'id'>, id: string): Promise<void> => {
  for (let run = 0; ; run++) {
    await doReports(api.id)
    const { body } = await api.get(`/reports/${id}`)
    if (body.status === 'COMPLETED' || body.status === 'FAILED') return
    expect(run, body.status).toBeLessThan(1000)
  }
}

/** The text of the file of a report that was made. */
export const csvOf = async (report: Loose): Promise<string> => {
  expect([report.status, report.failureReason]).toEqual(['COMPLETED', undefined])
  const response = await fetchLink(report.preSignedUrl)
  expect(response.status).toBe(200)
  return response.text()
}

/** Reads a CSV by the letter of RFC 4180. */
export const parseCsv = (text: string): string[][] => {
  const rows: string[][] = []
  let [row, at]: [string[], number] = [[], 0]
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; !(text[at] === '"' && text[at + 1] !== '"'); at++) {
        if (at >= text.length) throw new Error('a quote is never closed')
        if (text[at] === '"') at++
        cell += text[at]
      }
      at++
    } else for (; at < text.length && text[at] !== ',' && text[at] !== '\r'; at++) cell += text[at]
    row.push(cell)
    if (text[at] === ',') at++
    else {
      if (text.slice(at, at + 2) !== '\r\n') throw new Error(`a line ends with ${JSON.stringify(text.slice(at, at + 2))}`)
      at += 2
      rows.push(row)
      row = []
    }
  }
  if (row.length) throw new Error('the last line has no end')
  return rows
}

/** The rows of a report, without its header. */
export const rowsOf = async (api: Pick<Api, 'get' | 'post' | 'id'>, queryInput: Loose, more: Loose = {}): Promise<string[][]> =>
  parseCsv(await csvOf(await make(api, queryInput, more))).slice(1)
