/** The customer of all examples in the OpenAPI document. The first example creates it, and each further request is sent a minute later. */

export const customerId = '01BX5ZZKBKACTAV9WEVGEMMVRZ'
export const togaiCustomerId = 'customer.0VFLW94KOJs.kiKtr'
export const accountId = 'ACC00001'
export const secondAccountId = 'ACC00002'

/** The token that sends the examples. */
export const tokenId = 'token.0VFLUt1cBnS.bYgh0'

export const first = '2026-03-30T10:41:00.000Z'
export const second = '2026-03-30T10:42:00.000Z'
export const third = '2026-03-30T10:43:00.000Z'
export const fourth = '2026-03-30T10:44:00.000Z'
export const fifth = '2026-03-30T10:45:00.000Z'
export const sixth = '2026-03-30T10:46:00.000Z'
export const seventh = '2026-03-30T10:47:00.000Z'
export const eighth = '2026-03-30T10:48:00.000Z'
export const ninth = '2026-03-30T10:49:00.000Z'
export const tenth = '2026-03-30T10:50:00.000Z'

export const address = {
  phoneNumber: '+919876543210',
  line1: '2281 Broadway Street',
  line2: 'G-31',
  postalCode: '29501',
  city: 'Florence',
  state: 'South Carolina',
  country: 'US',
}

export const account = {
  id: accountId,
  togaiAccountId: 'account.0VFLW94KBbc.QttrT',
  customerId,
  togaiCustomerId,
  name: 'Primary Account',
  invoiceCurrency: 'USD',
  status: 'ACTIVE',
  aliases: [
    { alias: 'acme_primary', status: 'ACTIVE' },
    { alias: 'admin@example.com', status: 'ACTIVE' },
  ],
  settings: [{ id: 'accountSettingId', value: 'INR', namespace: 'USER', name: 'Settings Name', dataType: 'STRING' }],
}

export const group = {
  id: 'inv_group.0VFLWOg4OYo.GZwUs',
  name: 'ACME Invoices',
  email: 'invoices@example.com',
  dailyInvoiceConsolidation: true,
  netTermDays: 30,
  invoiceCurrency: 'USD',
  billingAddress: address,
}

/** The organization that the examples are of. */
export const organizationId = 'org.0VFLWOg4oRg.7kPzQ'
export const organizationName = 'Example organization'

/** The event schema and the usage meter of the examples, which counts delivered gigabytes. */
export const eventSchemaName = 'file_delivery'
export const usageMeterId = 'um.0VFLWOg4mEt.8rQzY'

/** The plan by which the customer is charged, and the one that it was copied from. */
export const pricePlanId = 'pp.0VFLWWM4t5d.m3Kd0'
export const sourcePricePlanId = 'pp.0VFLWOg4pLn.7cQwE'

/** The schedule by which the account has a price plan. */
export const scheduleId = 'sch.0VFLWn2pM3s.Kd71c'

/** What is sold beside usage, and what the customer can be entitled to. */
export const addOnId = 'addon.0VFLW94KFaa.2hXbT'
export const featureId = 'feature.0VFLWOg4cQm.9kLdE'

/** An event of the customer as it was sent, and its referenceId, which contains its time. */
export const event = {
  id: 'ride-1',
  schemaName: 'rides',
  timestamp: first,
  accountId,
  attributes: [{ name: 'distance', value: '12.5', unit: 'km' }],
  dimensions: { city: 'florence' },
}
export const referenceId = 'event.0VFLW94K8Rb.Fu2Tn'

export const secondReferenceId = 'event.0VFLW94K8Rb.Qm4Xs'

/** A job that corrects both events of the customer after it has been confirmed. */
export const jobId = 'job.0VFLWOg4jWb.5tGhY'

/** An invoice of the account, a payment of it, and a credit of the account. */
export const invoiceId = 'inv.0VFLWOg4iVn.3hRtK'
export const paymentId = 'payment.0VFLWOg4pYm.6tKwA'
export const creditId = 'cred.0VFLWOg4cRd.5nTqW'

export const done = { success: true }

/** The signature of every JWT in the examples. */
export const signature = 'dGhlIHNpZ25hdHVyZSBvZiBhbiBleGFtcGxlIG9ubHk'

/** A purchase of an account with its order, and a proposal to it. */
export const purchaseId = 'purchase.0VFLWOg4pCh.4tMwX'
export const orderId = 'inv.0VFLWOg4oRd.9qLsT'
export const proposalId = 'purchase.0VFLWOg4pRp.6yNvZ'

/** An alert, and an incident that it has opened. */
export const alertId = 'alert.0VFLWOg4aLt.2kVnS'
export const incidentId = 'incident.0VFLWsQ4iNc.7dRmB'

/** A report of the account, its file, and a template of reports. */
export const reportId = 'report.0VFLWOg4rPt.2mKsD'
export const fileId = 'file.0VFLWOg4fLe.8nTzQ'
export const reportTemplateId = 'report_template.0VFLWOg4rTm.5cWvB'

/** An endpoint to which webhooks are sent. */
export const webhookEndpointId = 'webhook.0VFLW94Kwhk.4kTzP'
