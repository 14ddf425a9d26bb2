import { describe, expect, it } from 'vitest'
import { organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { csvOf, make, query, rowsOf } from '../helpers/reports.ts'

describe('a report', () => {
  it('of accounts is a CSV', async () => {
    const api = await organization()
    for (const id of ['b', 'a'])
      expect(
        (await api.post('/customers', { ...customer(`C${id}`), account: { id, name: `=Acme "${id}", Inc.`, invoiceCurrency: 'USD' } }))
          .status,
      ).toBe(201)
    const report = await make(
      api,
      query('accounts', ['account_id', 'name', { columnName: 'name', dataSource: 'customers', alias: 'Customer' }], {
        sort: [{ column: { columnName: 'account_id' }, sortOrder: 'DESC' }],
      }),
    )
    expect(await csvOf(report)).toBe('')
    expect(await rowsOf(api, query('accounts', [{ columnName: 'account_id', aggregator: 'count' }]))).toEqual([['2']])
  })
})
