import { expect } from 'vitest'
import type { Api } from './api.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const done = async (answer: Promise<{ status: number; body: Loose }>): Promise<Loose> => {
  const { status, body } = await answer
  expect([status, body.message]).toEqual([200, undefined])
  return body
}

/** What a test watches: the template, and what its maps hold. */
interface Watch {
  account?: string
  meter?: string
  feature?: string
  threshold?: number
}

/** The body that makes an alert, active and checked each 30 minutes. */
export const alertOf = (alertTemplateId: string, { account, meter, feature, threshold }: Watch = {}, more: Loose = {}) => ({
  alertTemplateId,
  interval: 30,
  status: 'ACTIVE',
  ...(meter !== undefined && { entityDetails: { usageMeter: { id: meter } } }),
  ...(feature !== undefined && { entityDetails: { feature: { id: feature } } }),
  ...(account !== undefined && { ownerDetails: { account: { id: account } } }),
  ...(threshold !== undefined && { parameters: { threshold: { value: threshold } } }),
  ...more,
})

/** Alerts and incidents of an organization. */
export const alertsOf = ({ get, post, patch, call }: Pick<Api, 'get' | 'post' | 'patch' | 'call'>) => {
  const watch = async (template: string, its: Watch = {}, more: Loose = {}): Promise<string> =>
    (await done(post('/alerts', alertOf(template, its, more)))).id
  /** The incidents of an alert, or of all, the oldest first. */
  const incidents = async (alertId?: string): Promise<Loose[]> =>
    (await done(get(`/incidents?pageSize=100${alertId === undefined ? '' : `&alert_id=${alertId}`}`))).data.toReversed()
  /** In short: when an incident was opened, what it is now, and what the last check saw. */
  const short = async (alertId?: string): Promise<[string, string, number][]> =>
    (await incidents(alertId)).map(({ createdAt, status, reportData }) => [
      createdAt.slice(5, 16).replace('T', ' '),
      status,
      reportData.observed.value,
    ])
  const close = (incidentId: string) => done(call('PUT', `/incidents/${incidentId}/status`, { status: 'CLOSED' }))
  const change = (alertId: string, sent: Loose) => done(patch(`/alerts/${alertId}`, sent))
  return { watch, incidents, short, close, change }
}
