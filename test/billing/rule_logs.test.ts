import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import cases from '../data/pricing.json'
import { feeOf, withCycles } from '../helpers/billing.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const ruleOf = (order: number, computation: string, action: object, more: object = {}) => ({
  name: `Rule ${order}`,
  order,
  computation,
  action,
  ...more,
})

const withRules = async (rulesOf: (ids: Record<string, string>) => object[]) => {
  const api = await withCycles('2026-04-01T10:00:00Z', (ids) => ({
    fixedFeeRateCards: [feeOf(ids.support, 30), feeOf(ids.platform, 9, { invoiceTiming: 'IN_ADVANCE' })],
    pricingRules: rulesOf(ids),
  }))
  await api.associate('2026-04-01')
  const logsOf = async (id: string): Promise<Loose[]> => {
    const { status, body } = await api.get(`/invoice/${id}/pricing_rules_logs`)
    expect([status, body.message]).toEqual([200, undefined])
    return body.data
  }
  const idOf = async (type: string): Promise<string> => (await api.list()).find(({ invoiceType }) => invoiceType === type).id
  return { ...api, logsOf, idOf }
}

describe('the logs of the pricing rules of an invoice', () => {
  it('rule-log-usage-update: say the usage and the revenue before and after', async () => {
    const { given, expect: right } = (cases as unknown as Loose[]).find(({ id }) => id === 'rule-log-usage-update')
    const api = await withRules(({ meter }) => [
      ruleOf(1, `{"*":[{"var":"usage.urc.${meter}"},2]}`, { type: 'UPDATE', target: `usage.urc.${meter}` }),
    ])
    await api.send('one', String(given.oldUsage), '2026-04-02T00:00:00Z')
    const id = await api.idOf('STANDARD')
    const { oldUsage, newUsage, oldRevenue } = given
    expect(await api.logsOf(id)).toEqual([
      {
        id: expect.stringMatching(/^rule_log\.\w{11}\.\w{5}$/),
        type: 'CONDITION_TRUE',
        order: 1,
        changes: { key: `urc.${api.ids.meter}`, keyName: 'distance', oldUsage, newUsage, oldRevenue, newRevenue: right.newRevenue },
        rule: { id: expect.stringMatching(/^pp_rule\./), name: 'Rule 1', computation: `{"*":[{"var":"usage.urc.${api.ids.meter}"},2]}` },
        variablesValue: { [`usage.urc.${api.ids.meter}`]: { name: `usage.urc.${api.ids.meter}`, value: '100' } },
      },
    ])
    expect((await api.read(id)).totalAmount).toBe(right.newRevenue + 30)
  })

  it('say of each rule in its order whether it ran, on what those before it had made, and why it failed', async () => {
    const api = await withRules(({ support, meter }) => [
      ruleOf(5, '{"/":[1,0]}', { type: 'ADD' }),
      ruleOf(1, '20', { type: 'UPDATE', target: `revenue.ff.${support}` }),
      ruleOf(2, '{"*":[{"var":"revenue.rate_card_total"},-0.1]}', { type: 'ADD', id: 'loyal', description: 'Loyalty' }),
      ruleOf(3, '1', { type: 'ADD', id: 'many' }, { condition: `{">":[{"var":"usage.urc.${meter}"},10]}` }),
      ruleOf(4, '1', { type: 'ADD' }, { condition: '{"<":[{"var":"invoice.end_date"},{"var":"invoice.start_date"}]}' }),
      ruleOf(6, '4', { type: 'ADD' }, { condition: '{"/":[1,0]}' }),
    ])
    const logs = await api.logsOf(await api.idOf('STANDARD'))
    expect(logs.map(({ order, type, changes }) => [order, type, changes.key, changes.oldRevenue, changes.newRevenue])).toEqual([
      [1, 'CONDITION_TRUE', `ff.${api.ids.support}`, 30, 20],
      [2, 'CONDITION_TRUE', 'loyal', 0, -2],
      [3, 'CONDITION_FALSE', 'many', 0, 0],
      [4, 'CONDITION_FALSE', logs[3].rule.id, 0, 0],
      [5, 'COMPUTATION_ERROR', logs[4].rule.id, 0, 0],
      [6, 'CONDITION_ERROR', logs[5].rule.id, 0, 0],
    ])
    expect(logs.map(({ changes }) => changes.keyName).slice(0, 3)).toEqual(['Support', 'Loyalty', 'Rule 3'])
    expect(logs.map(({ changes }) => typeof changes.errorMessage)).toEqual([...Array(4).fill('undefined'), 'string', 'string'])
    expect(logs.map(({ variablesValue }) => variablesValue)).toEqual([
      null,
      { 'revenue.rate_card_total': { name: 'revenue.rate_card_total', value: '20' } },
      { [`usage.urc.${api.ids.meter}`]: { name: `usage.urc.${api.ids.meter}`, value: '0' } },
      {
        'invoice.end_date': { name: 'invoice.end_date', value: '2026-05-01T00:00:00.000Z' },
        'invoice.start_date': { name: 'invoice.start_date', value: '2026-04-01T00:00:00.000Z' },
      },
      null,
      null,
    ])
    expect(new Set(logs.map(({ id }) => id)).size).toBe(6)
    expect(await api.logsOf(await api.idOf('STANDARD'))).toEqual(logs)
  })

  it('are of the rules of their timing, follow a DRAFT, and stay as they were when it fell due', async () => {
    const api = await withRules(({ meter, support }) => [
      ruleOf(1, `{"*":[{"var":"revenue.urc.${meter}"},-0.5]}`, { type: 'ADD' }),
      ruleOf(3, '25', { type: 'UPDATE', target: `revenue.ff.${support}` }),
      ruleOf(2, '{"*":[{"var":"revenue.rate_card_total"},-0.1]}', { type: 'ADD' }, { invoiceTiming: 'IN_ADVANCE' }),
    ])
    const [standard, advanced] = [await api.idOf('STANDARD'), await api.idOf('STANDARD_ADVANCED')]
    const short = async (id: string) => (await api.logsOf(id)).map(({ order, changes }) => [order, changes.newRevenue])
    expect([await short(standard), await short(advanced)]).toEqual([
      [
        [1, 0],
        [3, 25],
      ],
      [[2, -0.9]],
    ])
    await api.send('one', '10', '2026-04-02T00:00:00Z')
    expect(await short(standard)).toEqual([
      [1, -10],
      [3, 25],
    ])
    await api.moveTo('2026-05-04T00:00:00Z')
    const frozen = await api.logsOf(standard)
    expect(frozen.map(({ changes, rule }) => [changes.newRevenue, changes.keyName, rule.name])).toEqual([
      [-10, 'Rule 1', 'Rule 1'],
      [25, 'Support', 'Rule 3'],
    ])
    const renamed = await api.patch(`/addons/${api.ids.support}`, { billableName: 'Renamed' })
    const changed = await api.patch(`/price_plans/${api.planId}`, { pricingRules: [ruleOf(1, '-1', { type: 'ADD' }, { name: 'Other' })] })
    expect([renamed.status, changed.status]).toEqual([200, 200])
    expect([await api.logsOf(standard), await short(advanced)]).toEqual([frozen, [[2, -0.9]]])
  })

  it('of an invoice that people write are none, and of one that is not there neither', async () => {
    const api = await withRules(() => [])
    const period = { startDate: '2026-03-01T00:00:00Z', endDate: '2026-04-01T00:00:00Z' }
    const { body } = await api.post('/invoices', { accountId: 'acme main', ...period, status: 'DRAFT', lineItems: [{ value: 1 }] })
    expect([await api.logsOf(body.id), await api.logsOf(await api.idOf('STANDARD'))]).toEqual([[], []])
    expect((await api.get('/invoice/inv.0VFLWOg4iVn.none0/pricing_rules_logs')).status).toBe(404)
  })
})
