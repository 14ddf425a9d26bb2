import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCOUNT, under, withCycles } from '../helpers/billing.ts'
import { customer } from '../helpers/customer.ts'
import { doDue } from '../helpers/ledgers.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

type World = Awaited<ReturnType<typeof withCycles>>

const chargesOf = ({ revenueInfo }: Loose): [string, number][] =>
  under(revenueInfo, 'MISCELLANEOUS_CHARGE').map(({ description, value }) => [description, value])

/** The invoices of cycles: the first day, the status, the total, and their charges. */
const shown = async (api: World) =>
  (await api.list()).map((one) => [one.startDate.slice(5, 10), one.status, one.totalAmount, chargesOf(one)])

const draftOf = async (api: World): Promise<Loose> => (await api.list()).find(({ status }) => status === 'DRAFT')

const courier = { name: 'Courier', rate: 20, quantity: 2 }
const stamp = { name: 'Stamp', value: '1.239' }

describe('the charges of the DRAFT of a cycle', () => {
  it('are reckoned over its lines by their ids whenever it is, in its preview, and when it falls due', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.associate('2026-04-01')
    await api.send('one', '10', '2026-04-01T11:00:00Z')
    const { id } = await draftOf(api)
    const tenth = { name: 'Tax', value: `{"*":[{"var":"${api.ids.meter}"},0.1]}` }
    const all = { name: 'All', value: '{"+":[{"var":"NET_AMOUNT"},{"var":"SUB_TOTAL_AMOUNT"}]}', considerForRevenue: true }
    const { status, body } = await api.putCharges([courier, stamp, tenth, all], `/invoices/${id}`)
    expect([status, body.data.map(({ value }: Loose) => value)]).toEqual([200, ['40', '1.239', tenth.value, all.value]])
    const charges = (usage: number) => [
      ['Courier', 40],
      ['Stamp', 1.23],
      ['Tax', usage / 10],
      ['All', 2 * (usage + 30)],
    ]
    const read = async () => {
      const invoice = await api.read(id)
      return [invoice.status, invoice.totalAmount, chargesOf(invoice), invoice.info]
    }
    expect(await read()).toEqual(['DRAFT', 193.23, charges(20), []])
    await api.send('two', '5', '2026-04-02T11:00:00Z')
    const total = 224.23
    expect(await read()).toEqual(['DRAFT', total, charges(30), []])
    const { body: preview } = await api.get(`/accounts/${ACCOUNT}/invoice_preview`)
    expect([preview.data[0].totalAmount, chargesOf(preview.data[0])]).toEqual([total, charges(30)])
    await api.moveTo('2026-05-04T00:00:00Z')
    expect(await read()).toEqual(['DUE', total, charges(30), []])
    const due = await api.putCharges([], `/invoices/${id}`)
    expect([due.status, due.body.message]).toEqual([
      409,
      `The invoice "${id}" is DUE, and can become PAID or VOID or UN_COLLECTIBLE. Only a DRAFT can be changed.`,
    ])
    expect(await read()).toEqual(['DUE', total, charges(30), []])
  })

  it('that come to no number are 0, and the invoice says why, until they do', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.associate('2026-04-01')
    const { id } = await draftOf(api)
    await api.putCharges([{ name: 'Ratio', value: `{"/":[60,{"var":"${api.ids.meter}"}]}` }], `/invoices/${id}`)
    const failed = await api.read(id)
    expect([failed.totalAmount, chargesOf(failed), failed.info]).toEqual([
      30,
      [['Ratio', 0]],
      [{ type: 'MISCELLANEOUS_CHARGE_FAILED', value: expect.stringMatching(/^Ratio: /) }],
    ])
    await api.send('one', '10', '2026-04-01T11:00:00Z')
    const right = await api.read(id)
    expect([right.totalAmount, right.info]).toEqual([53, []])
    await api.putCharges([{ name: 'Missing', value: '{"var":"no such line"}' }], `/invoices/${id}`)
    await api.moveTo('2026-05-04T00:00:00Z')
    const due = await api.read(id)
    expect([due.status, due.totalAmount, due.info.length]).toEqual(['DUE', 50, 1])
  })

  it('are replaced as a whole, by one of two writers at a time, and not by a dry run', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.associate('2026-04-01')
    const { id } = await draftOf(api)
    const path = `/invoices/${id}`
    await api.putCharges([courier, stamp], path)
    expect((await api.putCharges([stamp], path)).body.data).toHaveLength(1)
    expect(await shown(api)).toEqual([['04-01', 'DRAFT', 31.23, [['Stamp', 1.23]]]])
    expect((await api.putCharges([], path, '?dry_run=true')).body).toEqual({ data: [] })
    const answers = await Promise.all(Array.from({ length: 5 }, (_, n) => api.putCharges([{ name: `n${n}`, value: '1' }], path)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const [[, , total, charges]] = (await shown(api)) as [[string, string, number, unknown[]]]
    expect([total, charges.length]).toEqual([31, 1])
    const tag = (await api.get(path)).headers.get('ETag') ?? ''
    const stale = await api.call('PUT', `${path}/miscellaneous_charges`, { items: [] }, { 'If-Match': '"1"' })
    const fresh = await api.call('PUT', `${path}/miscellaneous_charges`, { items: [] }, { 'If-Match': tag })
    expect([stale.status, fresh.status, (await shown(api))[0]?.[2]]).toEqual([412, 200, 30])
  })

  it('stay with it when its plan is changed, and wait for the next when it goes with its plan', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z', () => ({ allow_ongoing_cycle_updates: true }))
    const other = await api.publish('Other', { usageRateCards: [] })
    await api.associate('2026-04-01')
    await api.putCharges([courier], `/invoices/${(await draftOf(api)).id}`)
    await api.associate('2026-04-11', { pricePlanId: other })
    expect(await shown(api)).toEqual([['04-01', 'DRAFT', 50, [['Courier', 40]]]])
    await api.putCharges([stamp])
    await api.associate('2026-04-01', { mode: 'DISASSOCIATE', pricePlanId: undefined })
    expect(await shown(api)).toEqual([])
    await api.associate('2026-04-01', { pricePlanId: other })
    const both = [
      ['Courier', 40],
      ['Stamp', 1.23],
    ]
    expect(await shown(api)).toEqual([['04-01', 'DRAFT', 71.23, both]])
    await api.moveTo('2026-05-04T00:00:00Z')
    expect(await shown(api)).toEqual([
      ['04-01', 'DUE', 71.23, both],
      ['05-01', 'DRAFT', 30, []],
    ])
  })

  it('are void with it, and what is paid in advance takes none', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z', ({ platform, support }) => ({
      fixedFeeRateCards: [
        { id: support, name: 'support', enableProration: true, rateValues: [{ currency: 'USD', rate: 30 }] },
        { id: platform, name: 'platform', enableProration: true, invoiceTiming: 'IN_ADVANCE', rateValues: [{ currency: 'USD', rate: 9 }] },
      ],
    }))
    await api.associate('2026-04-01')
    const [standard, advanced] = await api.list()
    expect((await api.putCharges([courier], `/invoices/${advanced.id}`)).status).toBe(409)
    await api.putCharges([courier], `/invoices/${standard.id}`)
    await api.send('one', '10', '2026-04-01T10:00:00Z')
    const { body } = await api.patch(`/invoices/${standard.id}`, { status: 'VOID' })
    expect([body.status, body.totalAmount]).toEqual(['VOID', 90])
    expect(await api.read(standard.id)).toEqual(body)
    await api.moveTo('2026-05-01T00:00:00Z')
    expect((await shown(api)).filter(([, status]) => status === 'DRAFT')).toEqual([['05-01', 'DRAFT', 30, []]])
  })

  it('are refused once its instant has come, also if nobody has let it fall due yet', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.associate('2026-04-01')
    const { id } = await draftOf(api)
    vi.setSystemTime(Date.parse('2026-05-04T00:00:00Z'))
    expect((await api.putCharges([courier], `/invoices/${id}`)).status).toBe(409)
    expect(await shown(api)).toEqual([
      ['04-01', 'DUE', 30, []],
      ['05-01', 'DRAFT', 30, []],
    ])
  })
})

describe('the charges of an account', () => {
  it('wait for the DRAFT that opens next, which takes them once, with what it is billed for', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    expect((await api.putCharges([courier])).body).toEqual({ data: [{ ...courier, value: '40', considerForRevenue: false }] })
    await api.associate('2026-04-01')
    const first = ['04-01', 'DRAFT', 70, [['Courier', 40]]]
    expect(await shown(api)).toEqual([first])
    await api.putCharges([stamp, { name: 'Gone', value: '7' }])
    await api.putCharges([stamp])
    expect(await shown(api)).toEqual([first])
    const previewOf = async (at: string) => chargesOf((await api.get(`/accounts/${ACCOUNT}/invoice_preview?at=${at}`)).body.data[0])
    expect(await Promise.all(['2026-04-20T00:00:00Z', '2026-05-20T00:00:00Z', '2026-06-20T00:00:00Z'].map(previewOf))).toEqual([
      [['Courier', 40]],
      [['Stamp', 1.23]],
      [],
    ])
    vi.setSystemTime(Date.parse('2026-06-04T00:00:00Z'))
    await Promise.all([doDue(api.id), doDue(api.id), doDue(api.id)])
    expect(await shown(api)).toEqual([
      ['04-01', 'DUE', 70, [['Courier', 40]]],
      ['05-01', 'DUE', 31.23, [['Stamp', 1.23]]],
      ['06-01', 'DRAFT', 30, []],
    ])
    const { results } = await env.DB.prepare(
      `SELECT changes -> '$.miscellaneousCharges' AS its FROM audit_log
       WHERE organization_id = ? AND resource_type = 'ACCOUNT' AND its IS NOT NULL ORDER BY sequence`,
    )
      .bind(api.id)
      .all<{ its: string }>()
    expect(results.map(({ its }) => JSON.parse(its).map((charges: Loose[]) => charges.map(({ name }) => name)))).toEqual([
      [[], ['Courier']],
      [['Courier'], []],
      [[], ['Stamp', 'Gone']],
      [['Stamp', 'Gone'], ['Stamp']],
      [['Stamp'], []],
    ])
  })

  it('go to the first of cycles that have passed, and to no other', async () => {
    const api = await withCycles('2026-04-20T10:00:00Z')
    await api.putCharges([courier])
    await api.associate('2025-06-01')
    await doDue(api.id)
    const all = await shown(api)
    expect(all).toHaveLength(11)
    expect(all[0]).toEqual(['06-01', 'DUE', 70, [['Courier', 40]]])
    expect(all.slice(1).every(([, , total, charges]) => total === 30 && !(charges as unknown[]).length)).toBe(true)
  })

  it('that come after the first instant of a cycle wait for the next, also if its DRAFT has not been opened yet', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.associate('2026-04-01')
    vi.setSystemTime(Date.parse('2026-05-01T00:00:30Z'))
    await api.putCharges([courier])
    await api.moveTo('2026-06-01T00:00:00Z')
    expect((await shown(api)).map(([day, , , charges]) => [day, charges])).toEqual([
      ['04-01', []],
      ['05-01', []],
      ['06-01', [['Courier', 40]]],
    ])
  })

  it('are neither lost nor taken twice when they are written at the moment at which cycles begin', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.associate('2026-04-01')
    for (const month of ['05', '06', '07']) {
      vi.setSystemTime(Date.parse(`2026-${month}-01T00:00:00Z`))
      const names = Array.from({ length: 4 }, (_, n) => `${month} ${n}`)
      const answers = await Promise.all([
        ...names.map((name) => api.putCharges([{ name, value: '1' }])),
        ...Array.from({ length: 3 }, () => doDue(api.id)),
      ])
      expect(answers.slice(0, 4).map((answer) => (answer as { status: number }).status)).toEqual([200, 200, 200, 200])
    }
    await api.moveTo('2026-09-10T00:00:00Z')
    const taken = (await shown(api)).flatMap(([, , , charges]) => (charges as [string, number][]).map(([name]) => name))
    expect(taken.map((name) => name.slice(0, 2))).toEqual(['05', '06', '07'])
    const { items } = (await env.DB.prepare('SELECT items FROM account_charges WHERE organization_id = ?').bind(api.id).first()) as Loose
    expect(items).toBe('[]')
  })

  it('are of one organization, and are refused for an account that is archived or not there, and if they are wrong', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.post('/customers', customer('other', { id: 'gone' }))
    await api.delete('/accounts/gone')
    const said = async (items: object[], path?: string) => {
      const { status, body } = await api.putCharges(items, path)
      return [status, body.message]
    }
    expect(await said([courier], '/accounts/gone')).toEqual([409, 'The account "gone" is archived, and cannot be changed.'])
    expect(await said([courier], '/accounts/nobody')).toEqual([404, 'The account "nobody" does not exist.'])
    expect(await said([{ name: 'a', rate: 1 }])).toEqual([400, 'items[0].quantity: is required with rate'])
    expect(await said([{ name: 'a', rate: 1, quantity: 1, value: '1' }])).toEqual([
      400,
      'items[0].value: must be left out if rate or quantity is sent',
    ])
    expect(await said([courier, courier])).toEqual([400, 'items[1].name: must not be the name of two charges'])
    const second = await withCycles('2026-04-01T10:00:00Z')
    await api.putCharges([courier])
    await second.associate('2026-04-01')
    expect(await shown(second)).toEqual([['04-01', 'DRAFT', 30, []]])
  })

  it('are cleared by none, and kept by a dry run', async () => {
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.putCharges([courier])
    await api.putCharges([], undefined, '?dry_run=true')
    await api.associate('2026-04-01')
    expect((await shown(api))[0]?.[2]).toBe(70)
    await api.putCharges([courier])
    await api.putCharges([])
    await api.moveTo('2026-05-01T00:00:00Z')
    expect((await shown(api)).map(([, , total]) => total)).toEqual([70, 30])
  })
})
