import { accountId, alertId, fifth, fourth, usageMeterId } from '../../lib/examples.ts'

const MISSING = 'No alert of the organization has this id.'
const UNFIT = 'A map is not as the schema of the template says. The message names what is wrong.'

const made = ['createCustomer', 'createEventSchema', 'createUsageMeter']

const sent = {
  alertTemplateId: 'usage-threshold-account',
  interval: 60,
  validity: 43_200,
  description: 'Most of what the contract includes',
  entityDetails: { usageMeter: { id: usageMeterId } },
  ownerDetails: { account: { id: accountId } },
  parameters: { threshold: { value: 8000 } },
  status: 'ACTIVE',
}

const shown = { id: alertId, version: 1, ...sent, createdAt: fourth, updatedAt: fourth }

const path = { alert_id: alertId }

export const tags = {
  Alerts: 'What an organization is told of when it comes to pass: how much is used, what is left, and what goes wrong or unpaid.',
}

export const parameters = {
  alert_id: 'The id of the alert, from the answer to its creation.',
}

export const createAlert = {
  summary: 'Create an alert',
  description:
    'Watches something of an account, or of the whole organization, as a template says. An active alert is checked each interval, an interval after it was made for the first time. While a check finds its condition true, it has one open incident; a check that does not closes it. A late check is made once. Usage is that of the present pricing cycle, and none without a plan. A balance is not watched where there has never been one; for the organization, credits are added up in its base currency, and currencies whose exchange rate is not known are left out. Events and invoices are those since the last check, each counted once. Invoices that a group pays for are due with their accounts, and overdue with the COMPOSITE invoice that they were merged into.',
  refuses: {
    400: UNFIT,
    404: 'There is no such template, usage meter, feature or account, or the organization is another one.',
    409: 'The account or the usage meter is archived.',
  },
  example: {
    after: made,
    request: sent,
    answer: shown,
    other: { request: { alertTemplateId: 'invoice-overdue-organization', interval: 1440, status: 'ACTIVE' } },
  },
}

export const listAlerts = {
  summary: 'List alerts',
  description: 'Lists alerts, the newest first, a page at a time.',
  example: { after: [...made, 'createAlert'], query: { status: 'ACTIVE', pageSize: 20 }, answer: { data: [shown] } },
}

export const getAlert = {
  summary: 'Read an alert',
  description: 'Reads an alert. It is INACTIVE when its validity is over, counted from when it was made.',
  refuses: { 404: MISSING },
  example: { after: [...made, 'createAlert'], path, answer: shown },
}

export const updateAlert = {
  summary: 'Change an alert',
  description:
    'Replaces what is sent; what an alert watches, and of whom, stays. Each change raises its version by 1, and a check that is under way begins anew. An alert that becomes active begins again: it is checked an interval later, and looks at what comes from now on. An alert that is INACTIVE leaves its incident open until that is closed or ends. Another validity moves the end of an incident that is open, unless it is about usage.',
  refuses: { 400: UNFIT, 404: MISSING },
  example: {
    after: [...made, 'createAlert'],
    path,
    request: { interval: 30, parameters: { threshold: { value: 9000.5 } } },
    answer: { ...shown, version: 2, interval: 30, parameters: { threshold: { value: 9000.5 } }, updatedAt: fifth },
    other: { request: { status: 'INACTIVE' } },
  },
}
