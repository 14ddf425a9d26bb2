import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Api, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { doDue } from '../helpers/ledgers.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-04-20T10:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const PAST = { startDate: '2026-03-01T00:00:00Z', endDate: '2026-04-01T00:00:00Z' }
const FUTURE = { startDate: '2026-04-01T00:00:00Z', endDate: '2026-05-01T00:00:00Z' }

const withAccount = async (currency = 'USD') => {
  const api = await organization()
  await api.post('/customers', customer('acme', { id: 'acc1', invoiceCurrency: currency }))
  const write = (lineItems: Loose, more: Loose = {}) =>
    api.post('/invoices', { accountId: 'acc1', ...PAST, status: 'DRAFT', lineItems: [lineItems].flat(), ...more })
  const make = async (value: number, more: Loose = {}): Promise<Loose> => {
    const { status, body } = await write({ value }, more)
    expect([status, body.message]).toEqual([201, undefined])
    return body
  }
  const patch = (id: string, more: Loose) => api.patch(`/invoices/${id}`, more)
  const read = async (id: string): Promise<Loose> => (await api.get(`/invoices/${id}`)).body
  return { ...api, write, make, patch, read }
}

const said = ({ status, body }: Awaited<ReturnType<Api['post']>>) => [status, body.message]

const linesOf = (invoice: Loose): Loose[] => invoice.revenueInfo.lineItems[0].lineItems[0].lineItems[0].lineItems

describe('the lines of an invoice that a person writes', () => {
  it('custom-invoice-line: are quantity times price, cut to the minor unit', async () => {
    const { write } = await withAccount()
    const { body } = await write({ description: 'Payout IMPS', valuePerQuantity: 0.001, quantity: 32109 })
    expect([body.totalAmount, linesOf(body)]).toEqual([
      32.1,
      [{ description: 'Payout IMPS', type: 'CUSTOM_AMOUNT', units: 'USD', quantity: 32109, valuePerQuantity: 0.001, value: 32.1 }],
    ])
  })

  it('P2-67: are floored once', async () => {
    const { write } = await withAccount()
    const { body } = await write({ quantity: 2.25, valuePerQuantity: 64.22 })
    expect(body.totalAmount).toBe(144.49)
  })

  it.each([
    ['USD', 0.019, 0.01],
    ['USD', -0.019, -0.01],
    ['JPY', 12.9, 12],
    ['KWD', 1.0009, 1],
    ['KWD', 1.0019, 1.001],
  ])('are cut toward zero in %s: %d is %d', async (currency, value, expected) => {
    const { make } = await withAccount(currency)
    expect((await make(value)).totalAmount).toBe(expected)
  })

  it('are added up exactly, as the tree of every invoice is', async () => {
    const { write } = await withAccount()
    const { body } = await write([{ id: 'a', value: 0.1 }, { billableId: 'addon.b', value: 0.2 }, { value: -1000.01 }])
    expect(body.totalAmount).toBe(-999.71)
    expect(linesOf(body).map(({ id, description, value }) => [id, description, value])).toEqual([
      ['a', 'Line 1', 0.1],
      ['addon.b', 'addon.b', 0.2],
      [undefined, 'Line 3', -1000.01],
    ])
  })

  it.each([
    [{}, 'lineItems[0].value: is required unless quantity and valuePerQuantity are sent'],
    [{ quantity: 1 }, 'lineItems[0].valuePerQuantity: is required with quantity'],
    [{ valuePerQuantity: 1, value: 1 }, 'lineItems[0].quantity: is required with valuePerQuantity'],
    [
      { quantity: 3, valuePerQuantity: 1.005, value: 3.02 },
      'lineItems[0].value: must be left out, or be 3.01, which is quantity times valuePerQuantity',
    ],
    [{ quantity: 1e13, valuePerQuantity: 2 }, 'lineItems[0].quantity: must come to 10000000000000 at most, times valuePerQuantity'],
    [{ value: 1e14 }, expect.stringMatching(/^lineItems\[0\]\.value: must be a number from/)],
  ])('%j is refused', async (line, message) => {
    const { write, get } = await withAccount()
    expect(said(await write(line))).toEqual([400, message])
    expect((await get('/invoices')).body.data).toEqual([])
  })

  it('can say their value beside quantity and price, exactly or as it is cut', async () => {
    const { write } = await withAccount()
    for (const value of [3.015, 3.01]) {
      const { status, body } = await write({ quantity: 3, valuePerQuantity: 1.005, value })
      expect([status, body.totalAmount]).toEqual([201, 3.01])
    }
  })
})

describe('an invoice that a person writes', () => {
  it('is a DRAFT, due, or paid at once, and what falls due gets the next number', async () => {
    const { make } = await withAccount()
    const draft = await make(5)
    expect([draft.status, draft.sequenceId, draft.generatedAt, draft.finalizingStatus]).toEqual(['DRAFT', undefined, undefined, undefined])
    const due = await make(5, { status: 'DUE' })
    expect(due).toMatchObject({
      status: 'DUE',
      sequenceId: '2026-04-0001',
      finalizingStatus: 'FINALIZED',
      invoiceDate: '2026-04-01T00:00:00.000Z',
      generatedAt: '2026-04-20T10:00:00.000Z',
      totalAmount: 5,
      paidAmount: 0,
    })
    const paid = await make(5, { status: 'PAID' })
    expect([paid.status, paid.sequenceId, paid.paidAmount]).toEqual(['PAID', '2026-04-0002', 5])
    const nothing = await make(0, { status: 'DUE' })
    expect([nothing.status, nothing.sequenceId, nothing.paidAmount]).toEqual(['PAID', '2026-04-0003', 0])
    const refund = await make(-5, { status: 'DUE' })
    expect([refund.status, refund.sequenceId, refund.paidAmount]).toEqual(['REFUND_COMPLETED', '2026-04-0004', -5])
  })

  it('cannot be due before it ends, and cannot end before it begins', async () => {
    const { write, make, patch } = await withAccount()
    const early = [400, 'status: cannot be DUE before endDate, which is 2026-05-01T00:00:00.000Z']
    expect(said(await write({ value: 1 }, { ...FUTURE, status: 'DUE' }))).toEqual(early)
    expect(said(await patch((await make(1, FUTURE)).id, { status: 'DUE' }))).toEqual(early)
    const backward = [400, 'endDate: must not be before startDate']
    expect(said(await write({ value: 1 }, { startDate: PAST.endDate, endDate: PAST.startDate }))).toEqual(backward)
    expect(said(await patch((await make(1)).id, { endDate: '2026-02-01T00:00:00Z' }))).toEqual(backward)
  })

  it('takes from its owner what it shows until it falls due, and nothing after that', async () => {
    const { make, patch, read, get, ...api } = await withAccount()
    const draft = await make(5)
    const [due, tag] = [await make(6, { status: 'DUE' }), (await get(`/invoices/${draft.id}`)).headers.get('ETag')]
    await api.call('PATCH', '/accounts/acc1', { name: 'Renamed', netTermDays: 10 })
    await api.call('PATCH', '/customers/acme', { name: 'Acme Inc', address: { city: 'Bristol' } })
    expect(await read(due.id)).toEqual(due)
    expect(await read(draft.id)).toMatchObject({
      netTermDays: 10,
      dueDate: '2026-04-11T00:00:00.000Z',
      invoiceDetails: { customer: { name: 'Acme Inc', address: { city: 'Bristol' } }, account: { name: 'Renamed' } },
    })
    expect((await get(`/invoices/${draft.id}`)).headers.get('ETag')).not.toBe(tag)
    const { body } = await patch(draft.id, { status: 'DUE' })
    expect(body).toMatchObject({ status: 'DUE', sequenceId: '2026-04-0002', netTermDays: 10 })
    await api.call('PATCH', '/accounts/acc1', { name: 'Again', netTermDays: 20 })
    expect(await read(draft.id)).toEqual(body)
  })

  it('is of an account or of an invoice group', async () => {
    const { write, post } = await withAccount('EUR')
    const group = { name: 'G', email: 'g@example.com', dailyInvoiceConsolidation: false, accountIds: ['acc1'], netTermDays: 7, address: {} }
    const { body: made } = await post('/invoice_groups', group)
    const { status, body } = await write({ value: 1.239 }, { accountId: made.id, ownerType: 'INVOICE_GROUP', status: 'DUE' })
    expect([status, body]).toMatchObject([
      201,
      { ownerId: made.id, netTermDays: 7, totalAmount: 1.23, invoiceDetails: { invoiceGroup: { id: made.id, invoiceCurrency: 'EUR' } } },
    ])
    expect(body.customerId).toBeUndefined()
    expect(said(await write({ value: 1 }, { accountId: 'nobody' }))).toEqual([404, 'The account "nobody" does not exist.'])
    expect(said(await write({ value: 1 }, { accountId: 'acc1', ownerType: 'INVOICE_GROUP' }))).toEqual([
      404,
      'The invoice group "acc1" does not exist.',
    ])
  })

  it('is made once with a key, also by 12 requests at the same moment', async () => {
    const { write, get } = await withAccount()
    const keyed = { idempotencyKey: 'order 7', status: 'DUE' }
    const answers = await Promise.all(Array.from({ length: 12 }, () => write({ value: 7 }, keyed)))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id} ${body.sequenceId}`)).size).toBe(1)
    expect((await get('/invoices')).body.data).toHaveLength(1)
    expect(said(await write({ value: 8 }, keyed))).toEqual([422, 'idempotencyKey: was used for another invoice. Take a new key.'])
  })

  it('that was deleted is not made again with its key', async () => {
    const { write, delete: remove } = await withAccount()
    const keyed = { idempotencyKey: 'order 7' }
    const { body } = await write({ value: 7 }, keyed)
    expect((await remove(`/invoices/${body.id}`)).status).toBe(200)
    expect(said(await write({ value: 7 }, keyed))).toEqual([
      409,
      'idempotencyKey: the invoice that was made with it has been deleted. Take a new key.',
    ])
  })

  it('has a number without gaps, whatever happens at the same moment', async () => {
    const { make, patch, write, get } = await withAccount()
    const drafts = await Promise.all(Array.from({ length: 10 }, () => make(1)))
    const answers = await Promise.all([
      ...drafts.flatMap(({ id }) => [patch(id, { status: 'DUE' }), patch(id, { status: 'DUE' }), patch(id, { lineItems: [{ value: 2 }] })]),
      ...Array.from({ length: 10 }, () => write({ value: 3 }, { status: 'DUE' })),
      ...Array.from({ length: 3 }, () => write({}, { status: 'DUE' })),
    ])
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    const { data } = (await get('/invoices?pageSize=50&status=DUE')).body
    const numbers = data.map(({ sequenceId }: Loose) => sequenceId).toSorted()
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => `2026-04-${String(n + 1).padStart(4, '0')}`))
  })
})

describe('miscellaneous charges', () => {
  const chargesOf = ({ revenueInfo }: Loose): Loose[] =>
    revenueInfo.lineItems[0].lineItems.find(({ type }: Loose) => type === 'TOTAL_MISCELLANEOUS_CHARGES')?.lineItems ?? []

  const withDraft = async () => {
    const api = await withAccount()
    const draft = await api.make(90, {
      lineItems: [
        { id: 'base', value: 90 },
        { id: 'base', value: 10 },
      ],
    })
    const set = (...items: Loose[]) => api.call('PUT', `/invoices/${draft.id}/miscellaneous_charges`, { items })
    return { ...api, draft, set, now: () => api.read(draft.id) }
  }

  it('stand beside the lines, as a price times a quantity, a number, or what JSON Logic makes of the lines', async () => {
    const { set, now, patch, draft } = await withDraft()
    const items = [
      { name: 'Courier', rate: 0.333, quantity: 10 },
      { name: 'Stamp', value: '1.999' },
      { name: 'Tax', value: '{"*":[{"var":"base"},0.075]}', considerForRevenue: true },
      { name: 'Rebate', value: '{"-":[0,{"var":"GROSS_AMOUNT"}]}' },
    ]
    const { status, body } = await set(...items)
    expect([status, body.data.map(({ value, considerForRevenue }: Loose) => [value, considerForRevenue])]).toEqual([
      200,
      [
        ['3.33', false],
        ['1.999', false],
        [items[2]?.value, true],
        [items[3]?.value, false],
      ],
    ])
    const invoice = await now()
    expect(chargesOf(invoice).map(({ description, value, quantity }) => [description, value, quantity])).toEqual([
      ['Courier', 3.33, 10],
      ['Stamp', 1.99, undefined],
      ['Tax', 7.5, undefined],
      ['Rebate', -100, undefined],
    ])
    expect(invoice.totalAmount).toBe(12.82)
    const { body: edited } = await patch(draft.id, { lineItems: [{ id: 'base', value: 200 }] })
    expect([edited.totalAmount, chargesOf(edited).map(({ value }) => value)]).toEqual([20.32, [3.33, 1.99, 15, -200]])
    await set({ name: 'Stamp', value: '1' })
    expect((await now()).totalAmount).toBe(201)
    await set()
    expect([(await now()).totalAmount, chargesOf(await now())]).toEqual([200, []])
  })

  it('that come to no number are 0, and info says why', async () => {
    const { set, now } = await withDraft()
    await set({ name: 'Share', value: '{"/":[{"var":"base"},0]}' }, { name: 'Text', value: '{"cat":["x"]}' }, { name: 'Stamp', value: '2' })
    const { totalAmount, info } = await now()
    expect([totalAmount, info]).toEqual([
      102,
      [
        { type: 'MISCELLANEOUS_CHARGE_FAILED', value: expect.stringMatching(/^Share: /) },
        { type: 'MISCELLANEOUS_CHARGE_FAILED', value: 'Text: comes to no number' },
      ],
    ])
    await set({ name: 'Stamp', value: '2' })
    expect((await now()).info).toEqual([])
  })

  it.each([
    [[{ name: 'a' }], 'items[0].value: is required unless rate and quantity are sent'],
    [[{ name: 'a', rate: 1 }], 'items[0].quantity: is required with rate'],
    [[{ name: 'a', quantity: 1 }], 'items[0].rate: is required with quantity'],
    [[{ name: 'a', rate: 1, quantity: 1, value: '1' }], 'items[0].value: must be left out if rate or quantity is sent'],
    [
      [
        { name: 'a', value: '1' },
        { name: 'a', value: '2' },
      ],
      'items[1].name: must not be the name of two charges',
    ],
    [[{ name: 'a', value: '{"unknown":1}' }], expect.stringMatching(/^items\[0\]\.value: must be a number or JSON Logic: /)],
    [[{ name: 'a', rate: 1e13, quantity: -2 }], 'items[0].quantity: must come to 10000000000000 at most, times rate'],
  ])('%j are refused', async (items, message) => {
    const { set, now } = await withDraft()
    const before = await now()
    expect(said(await set(...items))).toEqual([400, message])
    expect(await now()).toEqual(before)
  })

  it('of what fell due never change', async () => {
    const { set, patch, draft, now } = await withDraft()
    await set({ name: 'Stamp', value: '2' })
    await patch(draft.id, { status: 'DUE' })
    const due = await now()
    expect([due.totalAmount, said(await set())[0], await now()]).toEqual([102, 409, due])
  })
})

describe('the status of an invoice', () => {
  const possible: Readonly<Record<string, readonly string[]>> = {
    DRAFT: ['DUE', 'VOID'],
    DUE: ['PAID', 'VOID', 'UN_COLLECTIBLE'],
    PAID: ['REFUND_INITIATED'],
    UN_COLLECTIBLE: ['PAID', 'VOID'],
    VOID: [],
    REFUND_INITIATED: [],
    REFUND_COMPLETED: [],
  }
  const all = ['DUE', 'PAID', 'VOID', 'UN_COLLECTIBLE', 'REFUND_INITIATED']

  it.each(Object.keys(possible))('%s can become what it says, and nothing else', async (from) => {
    const { make, patch, read } = await withAccount()
    const reach = async (): Promise<Loose> => {
      if (from === 'DRAFT') return make(5)
      if (from === 'REFUND_COMPLETED') return make(-5, { status: 'DUE' })
      const due = await make(5, { status: 'DUE' })
      if (from === 'REFUND_INITIATED') await patch(due.id, { status: 'PAID' })
      if (from !== 'DUE') expect((await patch(due.id, { status: from })).status).toBe(200)
      return read(due.id)
    }
    for (const status of all) {
      const before = await reach()
      expect(before.status).toBe(from)
      const answer = await patch(before.id, { status })
      if (status === from) expect([answer.status, answer.body]).toEqual([200, before])
      else if (possible[from]?.includes(status)) {
        expect([answer.status, answer.body.status]).toEqual([200, status])
        expect(answer.body.paidAmount).toBe(status === 'PAID' || from === 'PAID' ? 5 : 0)
        expect(await read(before.id)).toEqual(answer.body)
      } else {
        const refused =
          /^status: the invoice "inv\..*" is .*, and can(?:not)? become |^status: the payment ".*" is recorded on the invoice /
        expect(said(answer)).toEqual([409, expect.stringMatching(refused)])
        expect(await read(before.id)).toEqual(before)
      }
    }
  })

  it('of what is paid becomes VOID only if nothing was paid for it', async () => {
    const { make, patch } = await withAccount()
    const nothing = await make(0, { status: 'DUE' })
    expect(nothing.status).toBe('PAID')
    expect((await patch(nothing.id, { status: 'VOID' })).body.status).toBe('VOID')
    const refund = await make(-1, { status: 'DUE' })
    expect(said(await patch(refund.id, { status: 'VOID' }))[0]).toBe(409)
  })

  it('of a DRAFT that becomes VOID leaves no number out', async () => {
    const { make, patch } = await withAccount()
    const { body } = await patch((await make(5)).id, { status: 'VOID' })
    expect([body.status, body.sequenceId, body.invoiceDetails.account.name]).toEqual(['VOID', undefined, expect.any(String)])
    expect((await make(5, { status: 'DUE' })).sequenceId).toBe('2026-04-0001')
  })

  it('is all that can be changed of what is no DRAFT, and of a DRAFT everything can, also together', async () => {
    const { make, patch, read, delete: remove } = await withAccount()
    const due = await make(5, { status: 'DUE' })
    expect(said(await patch(due.id, { lineItems: [{ value: 1 }] }))).toEqual([
      409,
      `The invoice "${due.id}" is DUE, and can become PAID or VOID or UN_COLLECTIBLE. Only a DRAFT can be changed.`,
    ])
    expect(said(await remove(`/invoices/${due.id}`))[0]).toBe(409)
    expect(await read(due.id)).toEqual(due)
    const draft = await make(5, FUTURE)
    const { body } = await patch(draft.id, { ...PAST, lineItems: [{ value: 1 }, { value: 2 }], status: 'DUE' })
    expect(body).toMatchObject({ status: 'DUE', totalAmount: 3, invoiceDate: '2026-04-01T00:00:00.000Z', sequenceId: '2026-04-0002' })
    expect(await read(draft.id)).toEqual(body)
    const gone = await make(5)
    expect((await remove(`/invoices/${gone.id}`)).body).toEqual({ success: true })
    expect(said(await remove(`/invoices/${gone.id}`))).toEqual([404, `The invoice "${gone.id}" does not exist.`])
  })

  it('is held by the database: what fell due never changes, and no invoice is deleted', async () => {
    const { make, id } = await withAccount()
    await make(5, { status: 'DUE' })
    for (const change of ["total = '4'", "rated = '{}'", "details = '{}'", 'sequence = 9', 'invoice_at = 0', "owner_id = 'other'"])
      await expect(
        env.DB.prepare(`UPDATE invoices SET version = version + 1, ${change} WHERE organization_id = ?`).bind(id).run(),
        change,
      ).rejects.toThrow('never change')
    await expect(env.DB.prepare('DELETE FROM invoices WHERE organization_id = ?').bind(id).run()).rejects.toThrow('never deleted')
  })
})

describe('a DRAFT that falls due by itself', () => {
  it('does so at its end, once, as of that instant, however late and often it is done', async () => {
    const { make, read, id } = await withAccount()
    const waits = await make(5, { ...FUTURE, autoAdvance: true })
    const stays = await make(5, FUTURE)
    const nothing = await make(0, { ...FUTURE, autoAdvance: true })
    await doDue(id, undefined, Date.parse('2026-04-30T23:59:59.999Z'))
    expect((await read(waits.id)).status).toBe('DRAFT')
    vi.setSystemTime(Date.parse('2026-05-03T08:00:00Z'))
    await Promise.all([doDue(id), doDue(id), doDue(id)])
    await doDue(id)
    const due = await read(waits.id)
    expect([due.status, due.generatedAt, due.updatedAt]).toEqual(['DUE', '2026-05-01T00:00:00.000Z', '2026-05-01T00:00:00.000Z'])
    const paid = await read(nothing.id)
    expect([due.sequenceId, paid.sequenceId].toSorted()).toEqual(['2026-05-0001', '2026-05-0002'])
    expect([paid.status, (await read(stays.id)).status]).toEqual(['PAID', 'DRAFT'])
    expect((await env.DB.prepare('SELECT * FROM due WHERE organization_id = ?').bind(id).all()).results).toEqual([])
  })

  it('falls due when it ends at last, or not, if it was changed, deleted or made void', async () => {
    const { make, patch, read, id, delete: remove } = await withAccount()
    const [later, stopped, gone, voided] = [
      await make(1, { ...FUTURE, autoAdvance: true }),
      await make(2, { ...FUTURE, autoAdvance: true }),
      await make(3, { ...FUTURE, autoAdvance: true }),
      await make(4, { ...FUTURE, autoAdvance: true }),
    ]
    await patch(later.id, { endDate: '2026-06-01T00:00:00Z' })
    await patch(stopped.id, { autoAdvance: false })
    await remove(`/invoices/${gone.id}`)
    await patch(voided.id, { status: 'VOID' })
    await doDue(id, undefined, Date.parse('2026-05-10T00:00:00Z'))
    const statuses = async () => Promise.all([later, stopped, voided].map(async (one) => (await read(one.id)).status))
    expect(await statuses()).toEqual(['DRAFT', 'DRAFT', 'VOID'])
    await doDue(id, undefined, Date.parse('2026-06-01T00:00:00Z'))
    expect(await statuses()).toEqual(['DUE', 'DRAFT', 'VOID'])
    expect((await env.DB.prepare('SELECT * FROM due WHERE organization_id = ?').bind(id).all()).results).toEqual([])
  })

  it('is due at once if it has ended', async () => {
    const { make, patch } = await withAccount()
    expect((await make(5, { autoAdvance: true })).status).toBe('DUE')
    const { body } = await patch((await make(5)).id, { autoAdvance: true })
    expect([body.status, body.sequenceId]).toEqual(['DUE', '2026-04-0002'])
  })
})

describe('the list of invoices', () => {
  it('is the newest first, by what is asked for, in pages that keep the question', async () => {
    const { make, post, get } = await withAccount()
    await post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme' })
    const made: Loose[] = []
    for (let n = 0; n < 7; n++) {
      vi.setSystemTime(Date.parse('2026-04-20T10:00:00Z') + n)
      made.push(
        await make(n, { accountId: n % 2 ? 'acc2' : 'acc1', status: n < 4 ? 'DUE' : 'DRAFT', endDate: `2026-04-0${n + 1}T00:00:00Z` }),
      )
    }
    const ids = async (query: string): Promise<number[]> => {
      const { status, body } = await get(`/invoices?${query}`)
      expect([status, body.message]).toEqual([200, undefined])
      return body.data.map(({ id }: Loose) => made.findIndex((one) => one.id === id))
    }
    expect(await ids('')).toEqual([6, 5, 4, 3, 2, 1, 0])
    expect(await ids('owner_id=acc2')).toEqual([5, 3, 1])
    expect(await ids('customer_id=acme&status=DRAFT')).toEqual([6, 5, 4])
    expect(await ids('status=PAID')).toEqual([0])
    expect(await ids(`start_time=${Date.parse('2026-04-02')}&end_time=${Date.parse('2026-04-05')}`)).toEqual([3, 2, 1])
    const { body: first } = await get(`/invoices?owner_id=acc1&start_time=${Date.parse('2026-04-02')}&pageSize=2`)
    expect(first.nextToken.length).toBeLessThanOrEqual(500)
    expect(await ids(`nextToken=${first.nextToken}`)).toEqual([2])
    const [shown] = first.data
    expect([shown.id, shown.revenueInfo, shown.totalAmount]).toEqual([made[6].id, undefined, 6])
    expect((await get('/invoices?pageSize=51')).status).toBe(422)
    expect((await (await organization()).get('/invoices')).body.data).toEqual([])
  })
})
