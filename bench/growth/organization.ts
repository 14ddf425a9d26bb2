/** The month in which it is now, in UTC: the cycle of the plan. */
const now = new Date()
export const MONTH = Date.UTC(now.getUTCFullYear(), now.getUTCMonth())
const NEVER = '9999-01-01'
const day = (time: number): string => new Date(time).toISOString().slice(0, 10)

export type Ask = (path: string, body?: unknown, method?: string) => Promise<Record<string, unknown>>

/** The ids of what an organization has one of, and what else is asked of it by name. */
export type Names = Readonly<Record<string, string>>

/** Events of a schema of the account, from the start of the month on, one a minute. */
const eventsOf = (schemaName: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    id: `${schemaName}-${n}`,
    schemaName,
    timestamp: new Date(MONTH + n * 60_000).toISOString(),
    accountId: 'account-0',
    attributes: [
      { name: 'distance', value: '2' },
      { name: 'minutes', value: '2' },
    ],
    dimensions: {},
  }))

const slabs = [0, 100, 1000].map((startAfter, index) => ({ order: index + 1, startAfter, priceType: 'PER_UNIT' }))
const ratePlan = { pricingModel: 'TIERED', slabs }
const rateValues = [{ currency: 'USD', slabRates: [0.25, 0.125, 0.0625].map((rate, index) => ({ order: index + 1, rate })) }]
const fee = (id: string, invoiceTiming: string, rate: number) => ({
  id,
  name: `fee ${id}`,
  enableProration: true,
  invoiceTiming,
  rateValues: [{ currency: 'USD', rate }],
})

const addAddOn = async (ask: Ask, name: string, type: string): Promise<string> => String((await ask('/addons', { name, type }))['id'])

/** Makes two schemas with two meters each, the second of which feeds a feature. */
const makeMeters = async (ask: Ask): Promise<string[]> => {
  const meters: string[] = []
  for (const schema of ['rides', 'exports']) {
    await ask('/event_schema', { name: schema, attributes: [{ name: 'distance' }, { name: 'minutes' }], dimensions: [] })
    await ask(`/event_schema/${schema}/activate`)
    for (const attribute of ['distance', 'minutes']) {
      const { id } = await ask('/usage_meters', {
        name: `${schema} ${attribute}`,
        type: 'COUNTER',
        aggregation: 'SUM',
        eventSchemaName: schema,
        computations: [{ computation: `{"var":"attributes.${attribute}"}`, order: 1 }],
      })
      await ask(`/usage_meters/${String(id)}/activate`)
      meters.push(String(id))
    }
  }
  return meters
}

/** What an alert, a report and a webhook are made of. */
const makeWatchers = async (ask: Ask, meter: string): Promise<Names> => {
  const columns = [{ columnName: 'account_id' }, { columnName: 'name' }]
  const sort = [{ column: { columnName: 'account_id' }, sortOrder: 'ASC' }]
  const queryInput = { selects: columns, baseDataSource: 'accounts', sort, limit: 1000 }
  const usage = {
    ...queryInput,
    selects: [{ columnName: 'billable_id' }],
    baseDataSource: 'usage',
    sort: [{ column: { columnName: 'billable_id' }, sortOrder: 'ASC' }],
  }
  const window = ['gte', 'lt'].map((operator, index) => ({
    column: { columnName: 'event_time' },
    operator,
    args: [index ? '{{until}}' : '{{from}}'],
  }))
  const alert = await ask('/alerts', {
    alertTemplateId: 'usage-threshold-account',
    interval: 60,
    validity: 43_200,
    entityDetails: { usageMeter: { id: meter } },
    ownerDetails: { account: { id: 'account-0' } },
    parameters: { threshold: { value: 1e9 } },
    status: 'ACTIVE',
  })
  const template = await ask('/report_templates', {
    name: 'Usage',
    queryInput: { ...usage, queryFilters: window },
    account_id: 'account-0',
    schedule: 'DAILY',
  })
  const report = await ask('/reports', { name: 'Accounts', queryInput, account_id: 'account-0' })
  const endpoint = await ask('/webhook_endpoints', { url: 'https://example.com/webhooks', eventTypes: ['incident.generated'] })
  return {
    alert_id: String(alert['id']),
    report_template_id: String(template['id']),
    report_id: String(report['id']),
    webhook_endpoint_id: String(endpoint['id']),
  }
}

const makePlan = async (
  ask: Ask,
  name: string,
  meters: readonly string[],
  featureId: string,
  addOns: readonly string[],
): Promise<string> => {
  const [support = '', platform = '', seats = ''] = addOns
  const { id } = await ask('/price_plans', {
    name,
    pricePlanDetails: {
      supportedCurrencies: ['USD'],
      pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 },
      usageRateCards: meters.slice(0, 2).map((usageMeterId) => ({ usageMeterId, name: `usage ${usageMeterId}`, ratePlan, rateValues })),
      fixedFeeRateCards: [fee(support, 'IN_ARREARS', 30), fee(platform, 'IN_ADVANCE', 9)],
      licenseRateCards: [{ id: seats, name: 'seats', enableProration: true, invoiceTiming: 'IN_ARREARS', ratePlan, rateValues }],
      billingEntitlementRateCards: [
        {
          featureId,
          featureConfigs: [{ effectiveUntil: 'P1M', featureCreditLimit: 1e12 }],
          invoiceTiming: 'IN_ARREARS',
          ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'FLAT' }] },
          rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 20 }] }],
        },
      ],
    },
  })
  await ask(`/price_plans/${String(id)}/activate`, { currencies: ['USD'] })
  return String(id)
}

/** Makes an organization in which there is one of everything, through the API, and gives its ids and names. */
export const makeOne = async (ask: Ask, organization: string): Promise<Names> => {
  const idOf = async (path: string, body: unknown): Promise<string> => {
    const answer = await ask(path, body)
    return String(answer['id'] ?? answer['togaiAccountId'])
  }
  const meters = await makeMeters(ask)
  const [usageMeter = ''] = meters
  const feature = await idOf('/features', { name: 'Exports', schemaAssociations: [{ schemaName: 'exports', attributeName: 'distance' }] })
  const addOns = [
    await addAddOn(ask, 'Support', 'FIXED_FEE'),
    await addAddOn(ask, 'Platform', 'FIXED_FEE'),
    await addAddOn(ask, 'Seats', 'LICENSE'),
  ]
  const named = await addAddOn(ask, 'Names', 'NAMED_LICENSE')
  const plan = await makePlan(ask, 'Standard', meters, feature, addOns)
  const target = await makePlan(ask, 'Standard of tomorrow', meters, feature, addOns)
  const customer = { name: 'Customer', primaryEmail: 'a@example.com', address: { city: 'Florence', country: 'US' } }
  await ask('/customers', {
    id: 'customer-0',
    ...customer,
    account: { id: 'account-0', name: 'Account', invoiceCurrency: 'USD', aliases: ['alias-0'] },
  })
  await ask('/accounts', { id: 'account-1', name: 'Account', invoiceCurrency: 'USD', customerId: 'customer-0' })
  await ask('/aliases', { aliases: [{ value: 'spare-0' }] })
  await ask('/accounts/account-0/price_plans', { pricePlanId: plan, effectiveFrom: day(MONTH), effectiveUntil: NEVER })
  const seats = { licenseId: addOns[2], accountId: 'account-0', updateType: 'ABSOLUTE', quantity: 10 }
  await ask('/license_updates', { ...seats, effectiveFrom: new Date(MONTH).toISOString(), idempotencyKey: 'seats' })
  await ask('/ingestBatch', { events: eventsOf('rides', 100) })
  await ask('/ingestBatch', { events: eventsOf('exports', 100) })
  await ask('/accounts/account-0/wallet_topup', { topupAmount: 250 })
  const { credits } = (await ask('/credits', {
    creditRequests: [
      {
        accountId: 'account-0',
        purpose: 'Welcome',
        effectiveFrom: day(MONTH),
        effectiveUntil: NEVER,
        creditAmount: 100,
        priority: 1,
        applicableEntityIds: ['ALL_USAGE_METER_RATE_CARDS'],
      },
    ],
  })) as { credits?: { id: string }[] }
  const lineItems = [{ id: 'onboarding', description: 'Onboarding', quantity: 2, valuePerQuantity: 150.25 }]
  const dates = { startDate: new Date(MONTH).toISOString(), endDate: new Date(MONTH + 86_400_000).toISOString() }
  const invoice = await idOf('/invoices', { accountId: 'account-0', ...dates, status: 'DUE', lineItems })
  const payment = await idOf('/payments', {
    accountId: 'account-0',
    externalPaymentReference: { sourceName: 'gateway', sourceType: 'GATEWAY', transactionNumber: 'T-0' },
    lineItemRecords: [{ type: 'INVOICE', togaiId: invoice, amount: 20.5, order: 1 }],
    currency: 'USD',
    totalAmount: 20.5,
  })
  const group = await idOf('/invoice_groups', {
    name: 'Group',
    email: 'a@example.com',
    dailyInvoiceConsolidation: true,
    accountIds: ['account-1'],
    netTermDays: 30,
    address: {},
  })
  const setting = { namespace: 'USER', name: 'Language', dataType: 'STRING', value: 'en' }
  await ask('/settings', { ...setting, id: 'language', entityType: 'CUSTOMER', entityId: 'customer-0' })
  const topup = { type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 120, purchaseAmount: 100 }, expiryDate: '9998-01-01T00:00:00Z' }
  const purchase = await idOf('/accounts/account-0/purchases', { ...topup, idempotencyKey: 'purchase' })
  const proposal = await idOf('/accounts/account-0/purchase_proposals', { ...topup, paymentMode: 'PREPAID', idempotencyKey: 'proposal' })
  const watchers = await makeWatchers(ask, usageMeter)
  await ask('/v2/price_plans/migration', {
    sourceId: plan,
    sourceVersion: 1,
    targetId: target,
    targetVersion: 1,
    migrationMode: 'NEXT_CYCLE',
    retainStartOffsets: true,
    requireConfirmation: true,
  })
  const { events } = (await ask('/events/rides-7')) as { events: { referenceId: string }[] }
  const jobs = (await ask('/jobs')) as { data: { id: string }[] }
  const token = await idOf('/tokens', { name: 'Backend', role: 'DEVELOPER' })
  const { data } = (await ask('/v2/accounts/account-0/schedules?mode=ACTIVE')) as { data: { id: string }[] }
  const listed = (await ask('/invoices?owner_id=account-0&status=DRAFT')) as { data: { id: string; invoiceType: string }[] }
  return {
    ...watchers,
    account_id: 'account-0',
    customer_id: 'customer-0',
    organization,
    alias: 'alias-0',
    addon_id: addOns[2] ?? '',
    named_id: named,
    event_schema_name: 'rides',
    usage_meter_id: usageMeter,
    feature_id: feature,
    price_plan_id: plan,
    pricing_schedule_id: data[0]?.id ?? '',
    schedule_id: data[0]?.id ?? '',
    invoice_id: invoice,
    draft_id: listed.data.find(({ invoiceType }) => invoiceType === 'STANDARD')?.id ?? '',
    payment_id: payment,
    credit_id: credits?.[0]?.id ?? '',
    invoice_group_id: group,
    setting_id_str: 'setting.USER.language.CUSTOMER.customer-0',
    purchase_id: purchase,
    purchase_proposal_id: proposal,
    job_id: jobs.data[0]?.id ?? '',
    token_id: token,
    event_id: 'rides-7',
    reference: events[0]?.referenceId ?? '',
    alert_template_id: 'usage-threshold-account',
  }
}
