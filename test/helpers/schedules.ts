import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { type Api, organization } from './api.ts'
import { customer } from './customer.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

export const monthly = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 }

/** Makes a plan of type BILLING with a fee, and publishes it in USD. Its rules are among its details. Gives its id. */
export const publishPlan = async (api: Pick<Api, 'post'>, name: string, feeId: string, sent: Loose = {}): Promise<string> => {
  const { pricingRules, ...details } = sent
  const { body } = await api.post('/price_plans', {
    name,
    pricePlanDetails: {
      supportedCurrencies: ['USD'],
      pricingCycleConfig: monthly,
      fixedFeeRateCards: [{ id: feeId, name: 'fee', enableProration: true, rateValues: [{ currency: 'USD', rate: 10 }] }],
      ...details,
    },
    ...(pricingRules && { pricingRules }),
  })
  const activated = await api.post(`/price_plans/${body.id}/activate`, { currencies: ['USD'] })
  if (activated.status !== 200) throw new Error(`The plan "${name}" is not published: ${body.message ?? activated.body.message}`)
  return body.id as string
}

/** An organization whose clock stands at an instant, with an account `acc1`, a fee and the plan "Basic". */
export const withAccount = async (now: string, details: Loose = {}) => {
  vi.setSystemTime(Date.parse(now))
  const api = await organization()
  await api.post('/customers', customer('cus1', { id: 'acc1' }))
  const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })
  const planId = await publishPlan(api, 'Basic', fee.id, details)
  /** Edits what is in force at once. */
  const associate = (effectiveFrom: string, effectiveUntil = '9999-01-01', more: Loose = {}, account = 'acc1') =>
    api.post(`/accounts/${account}/price_plans`, { pricePlanId: planId, effectiveFrom, effectiveUntil, ...more })
  /** The schedules in force: the plan, the first day, and the day on which each ends. */
  const timelineOf = async (account = 'acc1', mode?: 'ACTIVE' | 'DRAFT'): Promise<[string, string, string][]> => {
    const list = mode
      ? await api.get(`/v2/accounts/${account}/schedules?mode=${mode}&pageSize=100`)
      : await api.get(`/accounts/${account}/pricing_schedules?start_date=1970-01-01T00:00:00Z&pageSize=100&compact=true`)
    return list.body.data.map(({ pricePlanName, pricePlanInfo, startDate, endDate }: Loose) => [
      pricePlanName ?? pricePlanInfo.name,
      startDate.slice(0, 10),
      endDate.slice(0, 10),
    ])
  }
  return { ...api, feeId: fee.id as string, planId, associate, timelineOf }
}

/** What was announced of the cycles of an account, in its order: a letter for each schedule as it comes up, the first day and the status. */
export const announcedOf = async ({ id }: Pick<Api, 'id'>, account = 'acc1'): Promise<string[]> => {
  const { results } = await env.DB.prepare(
    `SELECT its.id, substr(log.resource_id, instr(log.resource_id, '#') + 1) AS day, log.changes ->> '$.status[1]' AS status
     FROM audit_log AS log JOIN (
       SELECT DISTINCT id, organization_id, account_id FROM schedules
     ) AS its ON its.organization_id = log.organization_id AND its.id = substr(log.resource_id, 1, instr(log.resource_id, '#') - 1)
     WHERE log.organization_id = ? AND log.resource_type = 'PRICING_CYCLE' AND its.account_id = ? ORDER BY log.sequence`,
  )
    .bind(id, account)
    .all<{ id: string; day: string; status: string }>()
  const ids = [...new Set(results.map((row) => row.id))]
  return results.map((row) => `${'abcdefgh'[ids.indexOf(row.id)]} ${row.day} ${row.status}`)
}
