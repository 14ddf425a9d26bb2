import { accountId, alertId, fourth, incidentId, third } from '../../lib/examples.ts'

const MISSING = 'No incident of the organization has this id.'

/** When the clock is moved on, the alert is checked: an hour after it was made. */
const CHECKED_AT = '2026-03-30T11:43:00.000Z'

const watching = {
  alertTemplateId: 'credit-balance-account',
  interval: 60,
  ownerDetails: { account: { id: accountId } },
  parameters: { threshold: { value: 5000 } },
  status: 'ACTIVE',
}

const watchingAll = {
  alertTemplateId: 'credit-balance-organization',
  interval: 120,
  parameters: { threshold: { value: 20_000.5 } },
  status: 'ACTIVE',
}

const made = [
  'createCustomer',
  'createCredit',
  {
    operation: 'createAlert',
    request: watching,
    answer: { id: alertId, version: 1, ...watching, createdAt: third, updatedAt: third },
    other: { request: { ...watching, interval: 30 } },
  },
  {
    operation: 'createAlert',
    request: watchingAll,
    answer: { id: 'alert.0VFLWOg4aLt.9wQzC', version: 1, ...watchingAll, createdAt: fourth, updatedAt: fourth },
    other: { request: { ...watchingAll, interval: 30 } },
  },
  {
    operation: 'moveTestClock',
    request: { now: CHECKED_AT },
    answer: { now: CHECKED_AT, target: CHECKED_AT, due: 1 },
    other: { request: { now: '2026-03-30T13:00:00.000Z' } },
  },
]

const shown = {
  id: incidentId,
  alertId,
  alertVersion: 1,
  alertTemplateId: watching.alertTemplateId,
  reportData: { account: { id: accountId }, observed: { value: 100, currency: 'USD' }, threshold: { value: 5000, currency: 'USD' } },
  status: 'OPEN',
  lastCheckedAt: CHECKED_AT,
  createdAt: CHECKED_AT,
  updatedAt: CHECKED_AT,
}

const path = { incident_id: incidentId }

export const parameters = {
  incident_id: 'The id of the incident, from the list of incidents.',
}

export const getIncidents = {
  summary: 'List incidents',
  description: 'Lists incidents, the newest first, a page at a time. The filters can be combined.',
  example: { after: made, query: { alert_id: alertId, status: 'OPEN', pageSize: 20 }, answer: { data: [shown] } },
}

export const getIncident = {
  summary: 'Read an incident',
  description:
    'Reads what an alert has found. While the condition lasts the incident is OPEN, and each check renews what it saw. It is CLOSED by the first check that does not find the condition any more, by a person, or at validUntil.',
  refuses: { 404: MISSING },
  example: { after: [...made, 'getIncidents'], path, answer: shown },
}

export const updateIncidentStatus = {
  summary: 'Close an incident',
  description:
    'Closes an incident. The next check that finds the condition opens another one; but one about usage does not come again before the pricing cycle ends, unless the threshold is changed. For the organization, where cycles end at different times, it comes again also when the condition has not been met in between. Closing it again changes nothing.',
  refuses: { 404: MISSING },
  example: {
    after: [...made, 'getIncidents'],
    path,
    request: { status: 'CLOSED' },
    answer: { ...shown, status: 'CLOSED' },
    other: { path: { incident_id: 'incident.0VFLVzYqf1k.00000' } },
  },
}
