import { env } from 'cloudflare:workers'
import { done } from './api.ts'
import { withTestClock } from './billed.ts'
import { usageOf } from './metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const ONE_PRICE = { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] }

/** What a card of one price for each unit says of it. */
export const pricedAt = (rate: number) => ({ ratePlan: ONE_PRICE, rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }] }] })

/** A card that grants units of a feature. */
export const entitlementCard = (featureId: string, limit: number, more: Loose = {}) => ({
  featureId,
  featureConfigs: [{ effectiveUntil: 'P1M', featureCreditLimit: limit }],
  invoiceTiming: 'IN_ARREARS',
  ...pricedAt(0),
  ...more,
})

/** A card for what is used of a feature beyond what was granted. */
export const overageCard = (featureId: string, rate: number, more: Loose = {}) => ({ featureId, ...pricedAt(rate), ...more })

/** An organization with a test clock and a feature that the events of a schema use up, of which a meter counts the calls. */
export const withFeature = async (now: string) => {
  const api = await withTestClock(now)
  const { get, post, call } = api
  await done(post('/event_schema', { name: 'api_calls', attributes: [{ name: 'calls' }], dimensions: [] }))
  const { id: callsId } = await done(
    post('/usage_meters', {
      name: 'calls',
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName: 'api_calls',
      computations: [{ computation: '{"var":"attributes.calls"}', order: 1 }],
    }),
  )
  await done(post('/event_schema/api_calls/activate'))
  await done(post(`/usage_meters/${callsId}/activate`))
  const { id: featureId } = await done(
    post('/features', { name: 'API calls', schemaAssociations: [{ schemaName: 'api_calls', attributeName: 'calls' }] }),
  )
  let made = 0
  const event = (account: string, calls: string | number, timestamp: string, id = `call ${made++}`) => ({
    id,
    schemaName: 'api_calls',
    timestamp,
    accountId: account,
    attributes: [{ name: 'calls', value: String(calls) }],
    dimensions: {},
  })
  const entitle = (...sent: Parameters<typeof event>) => post('/entitled', { event: event(...sent) })
  const ingest = (...sent: Parameters<typeof event>) => done(post('/ingest', { event: event(...sent) }))
  const credits = (account: string, feature = featureId): Promise<Loose> => done(get(`/accounts/${account}/features/${feature}`))
  const entries = async (account: string, feature = featureId): Promise<Loose[]> =>
    (await done(get(`/accounts/${account}/features/${feature}/entries`))).data
  const entryPath = (account: string, id: string) => `/accounts/${account}/features/${featureId}/entries/${encodeURIComponent(id)}`
  const change = (account: string, id: string, body: Loose, headers = {}) => call('PATCH', entryPath(account, id), body, headers)
  const end = (account: string, id: string) => post(`${entryPath(account, id)}/void`)
  /** The events with an id: their statuses, the newest first. */
  const statuses = async (id: string): Promise<string[]> => {
    const { status, body } = await get(`/events/${encodeURIComponent(id)}`)
    return status === 404 ? [] : body.events.map((one: Loose) => one.ingestionStatus.status)
  }
  /** What the meter has counted of all accounts. */
  const used = () => usageOf({ id: api.id, meterId: callsId })
  return { ...api, db: env.DB, done, callsId, featureId, event, entitle, ingest, credits, entries, change, end, statuses, used }
}

/** An account with so many units a month from 10 April 2026 on, and overage if it is said how much. */
export const withCredits = async (limit: number, overage?: Loose, card: Loose = {}) => {
  const api = await withFeature('2026-04-10T10:00:00Z')
  const planId = await api.plan({
    billingEntitlementRateCards: [entitlementCard(api.featureId, limit, card)],
    ...(overage && { entitlementOverageRateCards: [overageCard(api.featureId, 1, overage)] }),
  })
  await api.account('acc', planId, '2026-04-10')
  return { ...api, planId }
}
