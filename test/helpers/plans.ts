import { vi } from 'vitest'
import { type Answer } from './api.ts'
import { organizationWithMeter, ride } from './metering.ts'
import { publishPlan } from './schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

export const DAY = 86_400_000

export const METERED = 'INGESTION_COMPLETED_EVENT_METERED'
export const PAST = 'INGESTION_FAILED_PAST_GRACE_PERIOD'
export const WAITS = 'INGESTION_FAILED_ACCOUNT_NOT_FOUND'

/** Sets the clock to an instant, in milliseconds or as a date-time. */
export const setClock = (time: string | number): unknown => vi.setSystemTime(typeof time === 'string' ? Date.parse(time) : time)

/** An organization whose clock stands at an instant, with a meter, a fee and the account `acme main`. */
export const withPlans = async (now: string) => {
  setClock(now)
  const api = await organizationWithMeter()
  const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })
  /** A card for a usage meter. */
  const cardOf = (usageMeterId: string) => ({
    usageMeterId,
    ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
    rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 0.5 }] }],
  })
  /** Publishes a plan with a fee and a card for the meter. Gives its id. */
  const publish = (name: string, details: Loose = {}): Promise<string> =>
    publishPlan(api, name, fee.id, { usageRateCards: [cardOf(api.meterId)], ...details })
  const edit = (more: Loose, account = 'acme main'): Promise<Answer> =>
    api.post(`/accounts/${encodeURIComponent(account)}/price_plans`, { effectiveUntil: '9999-01-01', ...more })
  /** Sends an event of a time, which arrives now. */
  const sendEvent = (id: string, timestamp: string | number, more: Loose = {}) =>
    api.post('/ingest', { event: ride(id, '1', { timestamp: new Date(timestamp).toISOString(), ...more }) })
  /** The events of an id as they are shown, the last that arrived first. */
  const eventsOfId = async (id: string): Promise<Loose[]> => (await api.get(`/events/${encodeURIComponent(id)}`)).body.events
  const statusOf = async (id: string): Promise<string> => (await eventsOfId(id))[0].ingestionStatus.status
  const plansOf = async (id: string): Promise<Loose[]> => (await eventsOfId(id))[0].eventPipelineInfo.pricePlans
  /** Sends an event of a time, which arrives now, and gives its status. */
  const arrive = async (id: string, timestamp: string | number, more: Loose = {}): Promise<string> => {
    const { status, body } = await sendEvent(id, timestamp, more)
    if (status !== 202) throw new Error(`The event "${id}" is refused: ${body.message}`)
    return statusOf(id)
  }
  return { ...api, feeId: fee.id as string, cardOf, publish, edit, sendEvent, eventsOfId, statusOf, plansOf, arrive }
}

export type World = Awaited<ReturnType<typeof withPlans>>
