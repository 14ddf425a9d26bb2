import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InvoiceRow } from '../../src/billing/invoices/service.ts'
import { sumDecimals } from '../../src/lib/decimal.ts'
import { buildInvoice } from '../../src/rating/invoice.ts'
import type { Line } from '../../src/rating/line.ts'
import { type Paper, writePaper } from '../../src/reports/invoice_paper/paper.ts'
import { writeDate, writeNumber, writePeriod, writeTerm } from '../../src/reports/invoice_paper/write.ts'

/** What a number on paper is, without its currency. */
const readNumber = (text = ''): string =>
  text
    .replace(/^[A-Z]{3} /, '')
    .replaceAll(',', '')
    .replace('\u2212', '-')

const rowOf = (its: Partial<InvoiceRow>): InvoiceRow => ({
  id: 'inv.00000000001.00001',
  organizationId: 'org',
  ownerId: 'acc1',
  accountId: 'acc1',
  customerId: 'acme',
  invoiceClass: 'INVOICE',
  invoiceType: 'CUSTOM',
  status: 'DUE',
  pricePlanId: null,
  scheduleId: null,
  currency: 'USD',
  startAt: 0,
  endAt: 0,
  invoiceAt: 0,
  autoAdvance: false,
  netTermDays: 0,
  total: '0',
  paid: '0',
  sequence: 1,
  sequenceId: '1970-01-0001',
  rated: { root: { type: 'GRAND_TOTAL_AMOUNT', description: '', value: '0' }, usage: [] },
  details: null,
  info: [],
  metadata: null,
  appliesCredits: true,
  appliesWallet: true,
  idempotencyKey: null,
  fingerprint: null,
  generatedAt: 0,
  createdAt: 0,
  updatedAt: 0,
  version: 1,
  basis: null,
  invoiceGroupId: null,
  mergedInto: null,
  ...its,
})

const paperOf = (row: InvoiceRow): Paper => writePaper({ row, organizationName: 'Orbit', merged: [] })

const cents = (least: number, most: number) => fc.integer({ min: least, max: most }).map((amount) => (amount / 100).toFixed(2))

const parent = (type: string, lines: readonly Line[]): Line => ({
  type,
  description: type,
  value: sumDecimals(lines.map(({ value }) => value)),
  lines,
})

/** A line that is charged for, with details or without. */
const charge = fc
  .record({ values: fc.array(cents(-5000, 900_000), { minLength: 1, maxLength: 4 }), isTagged: fc.boolean() })
  .map(({ values, isTagged }): Line => {
    const slabs = values.map((value): Line => ({ type: 'USAGE_RATE_CARD_SLAB_AMOUNT', description: 'Slab', value }))
    const card: Line = { ...parent('USAGE_RATE_CARD_AMOUNT', slabs), id: 'um.1' }
    return isTagged ? parent('CUSTOM_TAG', [card]) : card
  })

describe('what stands on the paper of an invoice', () => {
  it('adds up: lines to the subtotal, details to their line, and sums to what is due', () => {
    fc.assert(
      fc.property(
        fc.array(charge, { maxLength: 6 }),
        fc.array(cents(1, 300_000), { maxLength: 3 }),
        fc.array(cents(-5000, 90_000), { maxLength: 2 }),
        fc.option(cents(1, 300_000), { nil: '0' }),
        fc.constantFrom('DUE', 'PARTIALLY_PAID', 'VOID', 'PAID', 'UN_COLLECTIBLE', 'MERGED', 'REFUND_COMPLETED'),
        (charges, credits, miscellaneous, paid, status) => {
          const { root } = buildInvoice([parent('PRICE_PLAN_AMOUNT', [parent('SUB_TOTAL_AMOUNT', charges)])], {
            digits: 2,
            from: 0,
            until: 1,
            credits: credits.map((remaining, index) => ({
              id: `cred.${index}`,
              purpose: 'Gift',
              priority: 1,
              remaining,
              appliesTo: [],
              effectiveFrom: 0,
              effectiveUntil: null,
              createdAt: 0,
            })),
            miscellaneous: miscellaneous.map((value, index) => ({ name: `Charge ${index}`, value })),
          })
          const { rows, sums } = paperOf(rowOf({ status, total: root.value, paid, rated: { root, usage: [] } }))
          const sum = (amounts: readonly (string | undefined)[]): string => sumDecimals(amounts.map(readNumber))
          const at = sums.findIndex(({ text }) => text === 'Total')
          expect(sum(rows.filter(({ kind }) => kind === 'LINE').map(({ amount }) => amount))).toBe(sum([sums[0]?.amount]))
          expect(sum(sums.slice(0, at).map(({ amount }) => amount))).toBe(sum([sums[at]?.amount]))
          expect(sum(sums.slice(at, -1).map(({ amount }) => amount))).toBe(sum([sums.at(-1)?.amount]))
          for (const [index, { kind, amount }] of rows.entries()) {
            const next = rows.slice(index + 1)
            const details = next.slice(0, next.findIndex((row) => row.kind !== 'DETAIL') >>> 0).filter((row) => row.kind === 'DETAIL')
            if (kind === 'LINE' && details.length) expect(sum(details.map((row) => row.amount))).toBe(sum([amount]))
          }
        },
      ),
    )
  })

  it.each<[InvoiceRow['status'], string, string, string, string[]]>([
    ['PARTIALLY_PAID', '100', '40', '30 netted off at DUE', ['Paid from wallet \u221230.00', 'Paid \u221210.00', 'Amount due USD 60.00']],
    [
      'REFUND_COMPLETED',
      '30',
      '0',
      '30 netted off at DUE',
      ['Paid from wallet \u221230.00', 'Given back 30.00', 'Not asked for any more \u221230.00', 'Amount due USD 0.00'],
    ],
    ['REFUND_COMPLETED', '-45.2', '-45.2', '', ['Given back 45.20', 'Amount due USD 0.00']],
  ])('says of an invoice that is %s of %s with %s paid who paid what', (status, total, paid, wallet, said) => {
    const { sums } = paperOf(rowOf({ status, total, paid, info: wallet ? [{ type: 'WALLET', value: wallet }] : [] }))
    const texts = sums.map(({ text, amount }) => `${text} ${amount}`)
    expect(texts.slice(texts.findIndex((text) => text.startsWith('Total')) + 1)).toEqual(said)
  })

  it('shows what an invoice of a group is made of, and whose lines stand elsewhere', () => {
    const member = (id: string, description: string, value: string, lines: readonly Line[]): Line => ({
      id,
      type: 'TOTAL_AMOUNT',
      description,
      value,
      ...(lines.length && { lines }),
    })
    const net = parent('NET_AMOUNT', [
      parent('GROSS_AMOUNT', [{ type: 'CUSTOM_AMOUNT', description: 'Storage', value: '30', quantity: '120', valuePerQuantity: '0.25' }]),
      parent('TOTAL_CREDITS', [{ type: 'SUB_CREDITS', description: 'Gift', value: '-10' }]),
    ])
    const root = {
      ...parent('GRAND_TOTAL_AMOUNT', []),
      value: '45',
      lines: [member('inv.1', 'North', '20', [net]), member('inv.2', 'South', '25', [])],
    }
    const { rows, sums } = writePaper({
      row: rowOf({ invoiceType: 'COMPOSITE', total: '45', rated: { root, usage: [] } }),
      organizationName: 'Orbit',
      merged: [{ id: 'inv.1', sequenceId: '2026-01-0001', startAt: 0, endAt: 86_400_000 * 31 }],
    })
    expect(
      rows.map(({ kind, text, note, quantity, price, amount }) => [kind, text, note, quantity, price, amount].filter(Boolean).join(' | ')),
    ).toEqual([
      'HEADING | North | 2026-01-0001, 1 Jan 1970 \u2013 31 Jan 1970',
      'LINE | Storage | 120 | 0.25 | 30.00',
      'HEADING | TOTAL_CREDITS',
      'LINE | Gift | \u221210.00',
      'TOTAL | Total of North | 20.00',
      'LINE | South | 25.00',
    ])
    expect(sums.map(({ text, amount }) => `${text} ${amount}`)).toEqual(['Total USD 45.00', 'Amount due USD 45.00'])
  })

  it.each([
    ['many lines', 150, 50, 'Storage'],
    ['long texts', 40, 50, 'Storage '.repeat(20)],
    ['many members', 3000, 0, 'Storage'],
  ])('has what one paper takes of an invoice of a group with %s, which still adds up', (_, members, count, description) => {
    const lines = Array.from({ length: members }, (_member, index): Line => {
      const net = parent('NET_AMOUNT', [
        parent(
          'GROSS_AMOUNT',
          Array.from({ length: count }, () => ({ type: 'CUSTOM_AMOUNT', description, value: '2' })),
        ),
      ])
      return { id: `inv.${index}`, type: 'TOTAL_AMOUNT', description: `Account ${index}`, value: '100', ...(count && { lines: [net] }) }
    })
    const total = String(members * 100)
    const { rows, notes } = paperOf(
      rowOf({ invoiceType: 'COMPOSITE', total, rated: { root: { ...parent('GRAND_TOTAL_AMOUNT', lines) }, usage: [] } }),
    )
    const inner = rows.filter(({ depth }) => depth > 0)
    expect([inner.length <= 1000, inner.reduce((sum, { text }) => sum + text.length, 0) <= 20_000]).toEqual([true, true])
    expect(sumDecimals(rows.filter(({ depth }) => depth === 0).map(({ amount }) => readNumber(amount ?? '0')))).toBe(total)
    expect(sumDecimals(inner.map(({ amount }) => readNumber(amount)))).toBe(
      String(100 * rows.filter(({ kind }) => kind === 'TOTAL').length),
    )
    const leftOut = members - rows.filter(({ kind }) => kind === 'HEADING').length
    expect(notes).toEqual([`${leftOut} of ${members} invoices are shown without their lines, which are on their own papers.`])
    expect(rows.filter(({ kind }) => kind === 'HEADING').length).toBe({ 150: 20, 40: 2, 3000: 0 }[members])
  })

  it.each([
    ['0', 2, '0.00'],
    ['1234567.5', 2, '1,234,567.50'],
    ['-1234', 0, '\u22121,234'],
    ['999', 0, '999'],
    ['0.000001', 2, '0.000001'],
    ['12.50', 0, '12.5'],
    ['10000000000000.123', 3, '10,000,000,000,000.123'],
  ])('writes %s with %i decimals at least as %s', (text, decimals, written) => {
    expect(writeNumber(text, decimals)).toBe(written)
  })

  it('writes days and terms', () => {
    const at = Date.parse('2026-11-12T23:59:59Z')
    expect([writeDate(at), writePeriod(at, at), writePeriod(at, at + 2001)]).toEqual([
      '12 Nov 2026',
      '12 Nov 2026',
      '12 Nov 2026 \u2013 13 Nov 2026',
    ])
    expect([0, 1, 30].map(writeTerm)).toEqual(['Due at once', '1 day', '30 days'])
  })
})
