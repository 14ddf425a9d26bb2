import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { doDue } from '../helpers/ledgers.ts'
import { follow, fontsOf, glyphsOf, lowestOf, readPages, readPdf } from '../helpers/paper.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const DAY = 86_400_000
const NOON = Date.parse('2026-04-20T12:00:00Z')

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(NOON)
})

afterEach(() => {
  vi.useRealTimers()
})

const PAST = { startDate: '2026-03-01T00:00:00Z', endDate: '2026-04-01T00:00:00Z' }

/** An organization with a customer and its account. */
const withAccount = async (its: Loose = {}, currency = 'USD') => {
  const api = await organization()
  const { account, ...sent } = customer('acme', { id: 'acc1', invoiceCurrency: currency, ...its.account })
  await api.post('/customers', { ...sent, ...its.customer, account })
  const write = async (lineItems: Loose[], more: Loose = {}): Promise<Loose> => {
    const { status, body } = await api.post('/invoices', { accountId: 'acc1', ...PAST, status: 'DUE', lineItems, ...more })
    expect([status, body.message]).toEqual([201, undefined])
    return body
  }
  const setting = (entityType: string, entityId: string, id: string, value: string, dataType = 'STRING') =>
    api.post('/settings', { entityType, entityId, id, value, dataType, namespace: 'SYSTEM', name: id })
  return { ...api, write, setting, textOf: async (link: string) => (await readPages(await readPdf(link))).join('\n') }
}

const ONE = [{ description: 'Support', quantity: 3, valuePerQuantity: 1500.25 }]

/** A text without blanks: a reader finds each where the writing moves on. */
const dense = (text: string): string => text.replaceAll(/\s+/g, '')

describe('the paper of an invoice', () => {
  it.each([
    ['Greek', 'GR', 'Ωμέγα Τεχνολογίες Α.Ε.', ['NotoSans-Regular', 'NotoSans-SemiBold']],
    ['Cyrillic', 'UA', 'ТОВ «Їжак і Ґанок»', ['NotoSans-Regular', 'NotoSans-SemiBold']],
    ['Vietnamese', 'VN', 'Công ty Đặng Thị Hồng', ['NotoSans-Regular', 'NotoSans-SemiBold']],
    ['Latin', 'PL', 'Żółć i Gęśl, Übergrößenträger', ['NotoSans-Regular', 'NotoSans-SemiBold']],
    ['Chinese, simplified', 'CN', '北京云端数据科技有限公司骨', ['NotoSansSC-Regular']],
    ['Chinese, traditional', 'TW', '臺灣雲端資訊股份有限公司骨', ['NotoSansTC-Regular']],
    ['Japanese', 'JP', '株式会社サンプル骨董', ['NotoSansJP-Regular']],
    ['Japanese of nowhere', undefined, 'サンプル骨董', ['NotoSansJP-Regular']],
    ['Korean', 'KR', '주식회사 한빛클라우드 骨', ['NotoSansKR-Regular']],
    ['Korean of nowhere', undefined, '한빛클라우드', ['NotoSansKR-Regular']],
    ['Chinese of nowhere', undefined, '骨董市場', ['NotoSansSC-Regular']],
  ])('has names in %s, in the fonts of the country %s, which can be copied', async (_, country, name, fonts) => {
    const { write } = await withAccount({ customer: { name, address: country ? { country } : {} } })
    const bytes = await readPdf((await write([{ description: name, value: 12.5 }])).pdfUrl)
    const text = dense((await readPages(bytes)).join(''))
    expect(text.split(dense(name)).length - 1).toBe(2)
    expect(text).not.toContain('\uFFFD')
    const glyphs = await glyphsOf(bytes)
    expect([glyphs.length > 100, glyphs.includes(0)]).toEqual([true, false])
    expect([...fontsOf(bytes)].toSorted()).toEqual([...new Set(['NotoSans-Regular', 'NotoSans-SemiBold', ...fonts])].toSorted())
  })

  it.each([
    ['JP', '东京 株式会社オービット東京オフィスサービス・ソリューションズ・ジャパン（登録番号 T1234567890123）'],
    ['US', '東京オフィス 서울 Orbit Labs Limited Company, Bristol, United Kingdom and more of these words'],
    ['KR', '서울 오피스 주식회사 · 東京オフィス株式会社 · 北京办公室 · Orbit Labs International Holdings Limited'],
    [undefined, '북경办公室オフィス'.repeat(9) + ' か\u3099あ\u3099 A\u3099'],
  ])('is drawn for the country %s where scripts are mixed in a text that has several lines', async (country, name) => {
    const { write } = await withAccount({ customer: { name: name.slice(0, 200), address: country ? { country } : {} } })
    const paper = await readPdf(
      (
        await write([
          { description: name, value: 1 },
          { description: '北京办公室 API 调用', value: 2 },
        ])
      ).pdfUrl,
    )
    const text = dense((await readPages(paper)).join(''))
    expect(text).toContain(dense(name).normalize('NFC').slice(0, 24))
    expect([text.includes('\uFFFD') && country !== undefined, (await glyphsOf(paper)).includes(0)]).toEqual([false, false])
  })

  it('shows a replacement for what no font has, one for each letter', async () => {
    const { write } = await withAccount()
    const bytes = await readPdf((await write([{ description: 'Café 👩\u200D👩\u200D👧 \u05D0\u05D1 \u0627 end', value: 1 }])).pdfUrl)
    expect((await readPages(bytes)).join('')).toContain('Café \uFFFD \uFFFD\uFFFD \uFFFD end')
    expect((await glyphsOf(bytes)).includes(0)).toBe(false)
  })

  it('puts letters together of which no font has all parts, and leaves out what cannot be seen', async () => {
    const { write } = await withAccount()
    const bytes = await readPdf(
      (await write([{ description: 'E\u0323\u0301gba\u0483 a\u200Db c\uFE0Fd \u0915\u094D\u200D\u0937', value: 1 }])).pdfUrl,
    )
    const text = (await readPages(bytes)).join('')
    for (const one of ['\u1EB8', '\u0301', 'gba', '\u0483', 'ab', 'cd']) expect(text).toContain(one)
    expect([text.includes('\uFFFD'), (await glyphsOf(bytes)).includes(0)]).toEqual([false, false])
  })

  it('says who sends it and who pays it, as they were when it fell due', async () => {
    const api = await withAccount({
      customer: { address: { line1: '1 High Street', city: 'Leeds', country: 'GB' } },
      account: { netTermDays: 15 },
    })
    const details = {
      businessName: 'Orbit Labs Ltd',
      address: { line1: '4 Quay Road', city: 'Bristol', country: 'GB' },
      primaryEmail: 'billing@orbit.example',
      metadata: { 'VAT number': 'GB 123' },
    }
    expect((await api.setting('ORGANIZATION', api.id, 'business_details', JSON.stringify(details), 'JSON')).status).toBe(201)
    expect((await api.setting('CUSTOMER', 'acme', 'tax_id', 'GB 999')).status).toBe(201)
    const invoice = await api.write(ONE)
    expect(invoice.invoiceDetails.organization).toEqual(details)
    expect(invoice.info).toEqual([{ type: 'TAX_ID', value: 'GB 999' }])
    const path = `/settings/setting.SYSTEM.business_details.ORGANIZATION.${api.id}`
    expect((await api.patch(path, { value: JSON.stringify({ ...details, businessName: 'Other Ltd' }) })).status).toBe(201)
    const text = await api.textOf(invoice.pdfUrl)
    const said = [
      'Orbit Labs Ltd',
      '4 Quay Road',
      'Bristol',
      'VAT number: GB 123',
      'ACME Enterprise',
      'Main account',
      '1 High Street',
      'GB 999',
    ]
    for (const one of [...said, '2026-04-0001', '1 Apr 2026', '16 Apr 2026', '15 days', '1 Mar 2026 \u2013 31 Mar 2026', 'United Kingdom'])
      expect(text).toContain(one)
    expect(text).not.toContain('Other Ltd')
    expect(await api.textOf((await api.write(ONE)).pdfUrl)).toContain('Other Ltd')
  })

  it('takes the tax number of the account before that of its customer', async () => {
    const api = await withAccount()
    await api.setting('CUSTOMER', 'acme', 'tax_id', 'of the customer')
    await api.setting('ACCOUNT', 'acc1', 'tax_id', 'of the account')
    expect((await api.write(ONE)).info).toEqual([{ type: 'TAX_ID', value: 'of the account' }])
  })

  it.each([
    ['ORGANIZATION', 'business_details', '{"businessName":"A","address":{}}', 'JSON', 'value: primaryEmail: is required'],
    ['ORGANIZATION', 'business_details', '{}', 'STRING', 'value: must be JSON in a setting of business details'],
    ['CUSTOMER', 'tax_id', 'x'.repeat(51), 'STRING', 'value: must be 1 to 50 characters without control characters'],
    ['ACCOUNT', 'tax_id', 'a\nb', 'STRING', 'value: must be 1 to 50 characters without control characters'],
  ])('refuses a setting of %s that says nothing: %s %s', async (entityType, id, value, dataType, message) => {
    const api = await withAccount()
    const entityId = { ORGANIZATION: api.id, CUSTOMER: 'acme', ACCOUNT: 'acc1' }[entityType] ?? ''
    const { status, body } = await api.setting(entityType, entityId, id, value, dataType)
    expect([status, body.message]).toEqual([400, message])
  })

  it('adds up: lines, credits, total, what is paid, what is due', async () => {
    const api = await withAccount()
    await api.post('/credits', {
      creditRequests: [{ accountId: 'acc1', purpose: 'Welcome', priority: 1, effectiveFrom: '2026-03-01', creditAmount: 100 }],
    })
    await api.post('/accounts/acc1/wallet_topup', { topupAmount: 400.5 })
    const text = await api.textOf((await api.write([...ONE, { description: 'Setup', value: 0.1 }])).pdfUrl)
    for (const one of [
      'Support 3 1,500.25 4,500.75',
      'Setup 0.10',
      'Subtotal 4,500.85',
      'Credit: Welcome \u2212100.00',
      'Total USD 4,400.85',
      'Paid from wallet \u2212400.50',
      'Amount due USD 4,000.35',
      'Partly paid',
    ])
      expect(text).toContain(one)
  })

  it('has the decimals of its currency', async () => {
    const [yen, dinar] = [await withAccount({}, 'JPY'), await withAccount({}, 'KWD')]
    expect(await yen.textOf((await yen.write([{ value: 1234567 }])).pdfUrl)).toContain('Amount due JPY 1,234,567\n')
    expect(await dinar.textOf((await dinar.write([{ value: 1234.5 }])).pdfUrl)).toContain('Amount due KWD 1,234.500\n')
  })

  it('says what has become of it', async () => {
    const api = await withAccount()
    const [due, paid, negative] = [await api.write(ONE), await api.write(ONE, { status: 'PAID' }), await api.write([{ value: -5 }])]
    const first = await readPdf(due.pdfUrl)
    await api.patch(`/invoices/${due.id}`, { status: 'VOID' })
    const text = await api.textOf(due.pdfUrl)
    for (const one of ['VOID', 'Void \u22124,500.75', 'Amount due USD 0.00', 'Nothing is to be paid for it']) expect(text).toContain(one)
    expect((await readPages(first)).join('')).not.toContain('VOID')
    expect(await api.textOf(paid.pdfUrl)).toMatch(/Paid \u22124,500.75\s+Amount due USD 0.00/)
    expect(await api.textOf(negative.pdfUrl)).toMatch(/Credit note[^]*Total USD \u22125.00\s+Given back 5.00\s+Amount due USD 0.00/)
  })

  it('goes on on more pages, which say so', async () => {
    const { write } = await withAccount()
    const lines = Array.from({ length: 50 }, (_, index) => ({ description: `Delivery ${index + 1}.`, value: 1 }))
    const pages = await readPages(await readPdf((await write(lines)).pdfUrl))
    expect(pages.map((page) => /Page \d of \d/.exec(page)?.[0])).toEqual(['Page 1 of 2', 'Page 2 of 2'])
    for (const page of pages) for (const one of ['Description Quantity', '2026-04-0001']) expect(page).toContain(one)
    const all = pages.join('\n')
    for (const { description } of lines) expect(all.split(description).length).toBe(2)
    expect(pages[1]).toContain('Amount due USD 50.00')
  })

  it('shows all that its organization and its customer say, on more pages if it has to be', async () => {
    const api = await withAccount({
      customer: { name: 'ACME '.repeat(50).trim(), address: { line1: 'Some street '.repeat(80), country: 'GB' } },
    })
    const metadata = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`Fact ${index}`, `${'word '.repeat(180)}end${index}`]))
    const details = {
      businessName: 'Orbit '.repeat(42).trim(),
      address: { line1: 'x'.repeat(5000) },
      primaryEmail: 'a@orbit.example',
      metadata,
    }
    expect((await api.setting('ORGANIZATION', api.id, 'business_details', JSON.stringify(details), 'JSON')).status).toBe(201)
    const bytes = await readPdf((await api.write(ONE)).pdfUrl)
    const pages = await readPages(bytes)
    for (const [index, lowest] of (await lowestOf(bytes)).entries()) expect([index, lowest > 30]).toEqual([index, true])
    const text = pages.join('\n')
    for (const one of [...Object.keys(metadata), 'end9', 'United Kingdom', 'Billed to', 'Amount due USD 4,500.75'])
      expect(text).toContain(one)
    const letters = text.match(/x/g)?.length ?? 0
    expect([letters >= 999, letters < 1010, dense(text).includes('x\u2026')]).toEqual([true, true, true])
    expect(pages.length).toBeGreaterThan(2)
    expect(pages.at(-1)).toContain(`Page ${pages.length} of ${pages.length}`)
  })

  it('has the same bytes each time, and others in another status', async () => {
    const api = await withAccount()
    const { id, pdfUrl } = await api.write(ONE)
    const one = await readPdf(pdfUrl)
    vi.setSystemTime(NOON + 2 * DAY)
    expect(await readPdf(pdfUrl)).toEqual(one)
    await api.patch(`/invoices/${id}`, { status: 'PAID' })
    expect(await readPdf(pdfUrl)).not.toEqual(one)
  })
})

describe('the link to the paper of an invoice', () => {
  it('is there from when it falls due on, in lists too, and not in a DRAFT', async () => {
    const { get, patch, write } = await withAccount()
    const draft = await write(ONE, { status: 'DRAFT' })
    expect([draft.pdfUrl, (await get(`/invoices/${draft.id}`)).body.pdfUrl]).toEqual([undefined, undefined])
    const { body: due } = await patch(`/invoices/${draft.id}`, { status: 'DUE' })
    expect(due.pdfUrl).toMatch(new RegExp(`^http://localhost/downloads/file\\.${draft.id.slice(4)}\\?until=\\d+&signature=[\\w-]{43}$`))
    expect((await get(`/invoices/${draft.id}`)).body.pdfUrl).toBe(due.pdfUrl)
    expect((await get('/invoices')).body.data.map(({ pdfUrl }: Loose) => pdfUrl)).toEqual([due.pdfUrl])
  })

  it('is not there of a DRAFT that has become VOID, which nobody was asked to pay', async () => {
    const { patch, write } = await withAccount()
    const { id } = await write(ONE, { status: 'DRAFT' })
    expect((await patch(`/invoices/${id}`, { status: 'VOID' })).body.pdfUrl).toBeUndefined()
  })

  it('works for seven days at least, and eight at most, and is the same all day, as the ETag is', async () => {
    const { get, write } = await withAccount()
    const { id, pdfUrl } = await write(ONE)
    const read = async () => {
      const { headers, body } = await get(`/invoices/${id}`)
      return [body.pdfUrl, headers.get('ETag')]
    }
    const [noon] = [await read()]
    vi.setSystemTime(NOON + DAY / 2 - 1)
    expect(await read()).toEqual(noon)
    vi.setSystemTime(NOON + DAY / 2)
    const [link, tag] = await read()
    expect([link === pdfUrl, tag === noon[1]]).toEqual([false, false])
    vi.setSystemTime(NOON + 7 * DAY + DAY / 2 - 1)
    expect((await follow(pdfUrl)).status).toBe(200)
    vi.setSystemTime(NOON + 7 * DAY + DAY / 2)
    expect((await follow(pdfUrl)).status).toBe(410)
    expect((await follow(link)).status).toBe(200)
  })

  it('changes nothing about what If-Match names', async () => {
    const { call, get, write } = await withAccount()
    const { id } = await write(ONE)
    const tag = (await get(`/invoices/${id}`)).headers.get('ETag') ?? ''
    vi.setSystemTime(NOON + DAY)
    const { status, headers } = await call('PATCH', `/invoices/${id}`, { status: 'PAID' }, { 'If-Match': tag })
    expect([status, headers.get('ETag')]).toEqual([200, (await get(`/invoices/${id}`)).headers.get('ETag')])
    expect((await call('PATCH', `/invoices/${id}`, { status: 'VOID' }, { 'If-Match': tag })).status).toBe(412)
    const unchanged = await call('PATCH', `/invoices/${id}`, {})
    expect(unchanged.headers.get('ETag')).toBe(headers.get('ETag'))
    expect((await call('GET', `/invoices/${id}`, undefined, { 'If-None-Match': headers.get('ETag') ?? '' })).status).toBe(304)
  })

  it('is in the answer that is kept of a key', async () => {
    const { call } = await withAccount()
    const body = { accountId: 'acc1', ...PAST, status: 'DUE', lineItems: ONE }
    const [one, other] = [
      await call('POST', '/invoices', body, { 'Idempotency-Key': 'k' }),
      await call('POST', '/invoices', body, { 'Idempotency-Key': 'k' }),
    ]
    expect([other.headers.get('Idempotency-Replayed'), other.body]).toEqual(['true', one.body])
    expect((await follow(one.body.pdfUrl)).status).toBe(200)
  })

  it('leads nowhere if a part of it is another', async () => {
    const [api, other] = [await withAccount(), await withAccount()]
    const [{ pdfUrl }, theirs] = [await api.write(ONE), await other.write(ONE)]
    const changed = (name: string, value: string): string => {
      const url = new URL(pdfUrl)
      url.searchParams.set(name, value)
      return url.href
    }
    const until = new URL(pdfUrl).searchParams.get('until') ?? ''
    const wrong = [
      pdfUrl.replace(/file\.[\w.]+/, new URL(theirs.pdfUrl).pathname.split('/').at(-1) ?? ''),
      changed('until', String(Number(until) + 1)),
      changed('until', 'x'),
      changed('signature', 'x'),
      changed('signature', new URL(theirs.pdfUrl).searchParams.get('signature') ?? ''),
      pdfUrl.split('?')[0] ?? '',
    ]
    for (const link of wrong) expect([link, (await follow(link)).status]).toEqual([link, 403])
  })

  it('is given by the operations of files too, to whoever may read the invoice', async () => {
    const [api, other] = [await withAccount(), await withAccount()]
    const [{ id, pdfUrl }, draft] = [await api.write(ONE), await api.write(ONE, { status: 'DRAFT' })]
    const fileOf = (invoice: string): string => `/files/${invoice.replace('inv.', 'file.')}`
    const { status, headers } = await api.get(fileOf(id))
    expect(status).toBe(302)
    expect(await readPdf(headers.get('Location') ?? '')).toEqual(await readPdf(pdfUrl))
    const response = await follow(pdfUrl)
    expect(response.headers.get('Content-Disposition')).toContain('filename="invoice-2026-04-0001.pdf"')
    await response.arrayBuffer()
    const missing = [await other.get(fileOf(id)), await api.get(fileOf(draft.id))]
    /** A DRAFT is not reckoned for it. */
    expect(missing.map((one) => [one.status, /desc="(\d+)"/.exec(one.headers.get('Server-Timing') ?? '')?.[1]])).toEqual([
      [404, '2'],
      [404, '2'],
    ])
  })

  it('is given to a portal token for the invoices that it reads, that of a group too', async () => {
    const api = await withAccount()
    await api.post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme', invoiceCurrency: 'USD' })
    const { body: group } = await api.post('/invoice_groups', {
      name: 'Holding',
      email: 'h@acme.example',
      dailyInvoiceConsolidation: true,
      accountIds: ['acc1', 'acc2'],
      netTermDays: 30,
      address: {},
    })
    for (const accountId of ['acc1', 'acc2']) await api.write(ONE, { accountId })
    await doDue(api.id, undefined, NOON + DAY)
    const { body } = await api.get('/invoices')
    const ids: string[] = ['COMPOSITE', 'acc1', 'acc2'].map(
      (one) => body.data.find(({ invoiceType, ownerId }: Loose) => [invoiceType, ownerId].includes(one)).id,
    )
    expect(body.data.find(({ ownerId }: Loose) => ownerId === group.id).id).toBe(ids[0])
    const seen = async (its: Loose) => {
      const { get } = client((await api.post('/portal/token', { customerId: 'acme', ...its })).body.token)
      const statuses = (paths: string[]) => Promise.all(paths.map(async (path) => (await get(path)).status))
      const files = ids.map((id) => `/files/${id.replace('inv.', 'file.')}`)
      return [
        await statuses(ids.map((id) => `/invoices/${id}`)),
        await statuses(files),
        await statuses(files.map((file) => `${file}/download_url`)),
      ]
    }
    expect(await seen({ allAccountsAccess: true })).toEqual([
      [200, 200, 200],
      [302, 302, 302],
      [200, 200, 200],
    ])
    expect(await seen({ accountIds: ['acc2'] })).toEqual([
      [403, 403, 200],
      [403, 403, 302],
      [403, 403, 200],
    ])
    const { get } = client((await api.post('/portal/token', { customerId: 'acme', allAccountsAccess: true })).body.token)
    expect((await get('/files/file.unknown')).status).toBe(403)
  })
})
