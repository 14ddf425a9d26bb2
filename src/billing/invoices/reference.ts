import {
  accountId,
  address,
  customerId,
  done,
  ninth,
  invoiceId,
  organizationId,
  second,
  sourcePricePlanId,
  third,
  usageMeterId,
} from '../../lib/examples.ts'

const money = { units: 'USD' }
const parent = (type: string, description: string, lineItems: readonly object[], id = type) => ({
  id,
  description,
  type,
  ...money,
  value: 0,
  lineItems,
})

const card = {
  id: usageMeterId,
  description: 'Delivered gigabytes',
  type: 'USAGE_RATE_CARD_AMOUNT',
  ...money,
  quantity: 0,
  valuePerQuantity: 0.15,
  value: 0,
  metadata: { rateCardName: 'gigabytes' },
  lineItems: [
    {
      description: 'Slab 1',
      type: 'USAGE_RATE_CARD_SLAB_AMOUNT',
      ...money,
      quantity: 0,
      valuePerQuantity: 0.15,
      value: 0,
      metadata: { order: 1, priceType: 'PER_UNIT', startAfter: 0 },
    },
  ],
}

const tree = parent('GRAND_TOTAL_AMOUNT', 'Grand Total Amount', [
  parent('TOTAL_AMOUNT', 'Total Amount', [
    parent('NET_AMOUNT', 'Net Amount', [
      parent('GROSS_AMOUNT', 'Gross Amount', [parent('PRICE_PLAN_AMOUNT', 'Hosting', [parent('SUB_TOTAL_AMOUNT', 'Sub Total', [card])])]),
    ]),
  ]),
])

const details = {
  customer: {
    name: 'ACME Enterprise',
    primaryEmail: 'admin@example.com',
    billingAddress: '2281 Broadway Street, G-31, 29501, Florence, South Carolina, US',
    address,
  },
  account: { name: 'Primary Account', invoiceCurrency: 'USD', address, primaryEmail: 'admin@example.com' },
}

const sentLine = { id: 'onboarding', description: 'Onboarding', quantity: 2, valuePerQuantity: 150.25 }
const sent = {
  accountId,
  startDate: '2026-03-01T00:00:00Z',
  endDate: '2026-03-30T00:00:00Z',
  status: 'DRAFT',
  lineItems: [sentLine],
}

const treeOf = (value: number, line: object) => {
  const around = (type: string, description: string, lineItems: readonly object[]) => ({
    id: type,
    description,
    type,
    ...money,
    value,
    lineItems,
  })
  return around('GRAND_TOTAL_AMOUNT', 'Grand Total Amount', [
    around('TOTAL_AMOUNT', 'Total Amount', [around('NET_AMOUNT', 'Net Amount', [around('GROSS_AMOUNT', 'Gross Amount', [line])])]),
  ])
}

const shown = {
  id: invoiceId,
  customerId,
  ownerId: accountId,
  status: 'DRAFT',
  invoiceClass: 'INVOICE',
  invoiceType: 'CUSTOM',
  startDate: '2026-03-01T00:00:00.000Z',
  endDate: '2026-03-30T00:00:00.000Z',
  endDateInclusive: '2026-03-29T23:59:59.999Z',
  invoiceDate: '2026-03-30T00:00:00.000Z',
  dueDate: '2026-03-30T00:00:00.000Z',
  updatedAt: second,
  totalAmount: 300.5,
  paidAmount: 0,
  invoiceDetails: details,
  netTermDays: 0,
  usageInfo: [],
  revenueInfo: treeOf(300.5, { ...sentLine, type: 'CUSTOM_AMOUNT', ...money, value: 300.5 }),
  autoAdvance: false,
  info: [],
}

const { usageInfo: _usage, revenueInfo: _revenue, autoAdvance: _advance, info: _info, ...listed } = shown

/** The setting by which invoices wait for a bill run, and an account whose invoice of January does. */
const manually = {
  entityType: 'ORGANIZATION',
  entityId: organizationId,
  id: 'auto_advance_invoice',
  value: 'false',
  namespace: 'SYSTEM',
  name: 'Invoices fall due by themselves',
  dataType: 'STRING',
}
const january = { mode: 'ASSOCIATE', pricePlanId: sourcePricePlanId, effectiveFrom: '2026-01-01' }

const waiting = {
  id: invoiceId,
  customerId,
  ownerId: accountId,
  pricePlanId: sourcePricePlanId,
  status: 'DRAFT',
  invoiceClass: 'INVOICE',
  invoiceType: 'STANDARD',
  startDate: '2026-01-01T00:00:00.000Z',
  endDate: '2026-02-01T00:00:00.000Z',
  endDateInclusive: '2026-01-31T23:59:59.999Z',
  invoiceDate: '2026-02-02T00:00:00.000Z',
  dueDate: '2026-02-02T00:00:00.000Z',
  updatedAt: ninth,
  totalAmount: 0,
  paidAmount: 0,
  invoiceDetails: { ...details, pricePlanName: 'Hosting' },
  netTermDays: 0,
}

const path = { invoice_id: invoiceId }

const MISSING = 'No invoice of the organization has this id.'
const UNREADABLE = 'The token is a portal token that cannot read this invoice. The same answer is given if the invoice does not exist.'
const WRONG_CHARGE = 'A charge has both value and rate or quantity, or neither; two have one name; or value is no JSON Logic.'

export const tags = {
  Invoices: 'What accounts are asked to pay.',
}

export const parameters = {
  invoice_id: 'The id of the invoice.',
}

export const listInvoices = {
  summary: 'List invoices',
  description:
    'Lists invoices, the newest first, page by page, without their lines. start_time and end_time are compared with invoiceDate, and due_start_time and due_end_time with dueDate, which leaves DRAFTs out. status=DUE,PARTIALLY_PAID with the present as due_end_time lists what is overdue. A DRAFT of a pricing cycle comes to what it would now.',
  refuses: { 422: 'A page has 50 invoices at most, and pageSize is larger.' },
  example: {
    after: ['createCustomer', 'createCustomInvoice'],
    query: {
      owner_id: accountId,
      customer_id: customerId,
      status: 'DRAFT,DUE',
      start_time: 1774828800000,
      end_time: 1774915200000,
      pageSize: 20,
    },
    otherwise: { due_start_time: 1774828800000, due_end_time: 1774915200000 },
    answer: { data: [listed] },
  },
}

export const createCustomInvoice = {
  summary: 'Create an invoice of your own lines',
  description:
    'Creates an invoice of lines that you write: a DRAFT, which can be changed, or one that is due at once and paid from the wallet of the account as far as that goes, or paid by a payment of all of it that is recorded with it. A line is a value, or quantity times valuePerQuantity, cut to the minor unit of the currency. A DRAFT with autoAdvance falls due at its endDate, or at once if that has passed. When an invoice falls due, it is frozen and gets the next number of the organization; one of 0 is paid then, and one below 0 is given back.',
  refuses: {
    400: 'A line has neither a value nor quantity with valuePerQuantity, or both and they differ; endDate is before startDate; or status is DUE or PAID, and endDate has not come.',
    404: 'No account, or no invoice group, has this id.',
    409: 'The account or the invoice group is archived. Or status is PAID, and the account is in an invoice group that pays for it.',
    422: 'The idempotencyKey in the body was used for another invoice.',
  },
  example: {
    after: ['createCustomer'],
    request: sent,
    answer: shown,
    other: { request: { ...sent, endDate: '2026-03-29T00:00:00Z' } },
  },
}

export const getInvoice = {
  summary: 'Read an invoice',
  description:
    'Reads an invoice with its lines: each is the sum of its lineItems. Each pricing cycle of an account has a STANDARD invoice, which is a DRAFT from the first instant of the cycle until the end of its grace period, and a STANDARD_ADVANCED one if its price plan has cards that are paid in advance, which falls due when the cycle begins. A DRAFT is reckoned when it is read, with the usage and the licences that are known then; invoiceDetails, netTermDays and dueDate are as they would be now. From the instant at which it falls due, nothing of an invoice changes but its status and what is paid; info says how much of that the wallet of the account has paid. What fell due on one day for the accounts of an invoice group that consolidates is merged at the end of the day into a COMPOSITE invoice of the group: it has a TOTAL_AMOUNT for each of them, with its id, and the lines of the first 100; info says how many are shown without their lines. The info of a MERGED invoice names it as COMPOSITE_INVOICE_ID. From when it falls due, pdfUrl is a link to the invoice as PDF, which needs no token and works for a week; the ETag changes with it, once a day.',
  refuses: { 403: UNREADABLE, 404: MISSING },
  example: { after: ['createCustomer', 'createCustomInvoice'], path, answer: shown },
}

export const updateInvoice = {
  summary: 'Change an invoice',
  description:
    'Replaces the fields of a custom DRAFT that are sent, or gives an invoice another status, or both. A DRAFT can become DUE once its endDate has come, or VOID; both close the cycle if it is of one, so that later events do not count in it; DUE becomes PAID, VOID or UN_COLLECTIBLE; PARTIALLY_PAID becomes PAID, VOID, UN_COLLECTIBLE or REFUND_INITIATED; UN_COLLECTIBLE becomes PAID or VOID, and the order of a purchase VOID or, if something was paid of it, REFUND_INITIATED; PAID becomes REFUND_INITIATED, or VOID, which gives back what the wallet paid, if no payment is recorded for it. PAID records what was open as a payment by itself. The order of a purchase becomes an invoice with a number when it is PAID; as VOID or UN_COLLECTIBLE it ends the purchase, and cannot be PAID any more. An empty body changes nothing.',
  refuses: {
    400: 'As for createCustomInvoice.',
    404: MISSING,
    409: 'The invoice cannot become what status says: the message names what it can become. Or status is PAID, and an invoice group pays for it. Or another field is sent, and it is no DRAFT that a person has written.',
  },
  example: {
    after: ['createCustomer', 'createCustomInvoice'],
    path,
    request: { lineItems: [{ ...sentLine, quantity: 3 }] },
    answer: {
      ...shown,
      updatedAt: third,
      totalAmount: 450.75,
      revenueInfo: treeOf(450.75, { ...sentLine, quantity: 3, type: 'CUSTOM_AMOUNT', ...money, value: 450.75 }),
    },
    other: { request: { autoAdvance: true, endDate: '2026-06-30T00:00:00Z' } },
  },
}

export const listInvoicesForBillRun = {
  summary: 'List the invoices that wait for a bill run',
  description:
    'Lists the invoices of pricing cycles whose grace period has passed, and which have not fallen due by themselves since auto_advance_invoice was false when their cycles began, the newest first, page by page. DRAFTs that a person has written are not among them: they wait for updateInvoice. The filters are those of listInvoices that are not about dueDate, with one status.',
  example: {
    after: [
      'createCustomer',
      'createEventSchema',
      'createUsageMeter',
      'activateEventSchema',
      'activateUsageMeter',
      'createPricePlan',
      'activatePricePlan',
      { operation: 'insertSetting', request: manually, answer: {} },
      {
        operation: 'updatePricingSchedule',
        path: { account_id: accountId },
        request: { ...january, effectiveUntil: '2026-02-01' },
        answer: {},
        other: { request: { ...january, effectiveFrom: '2026-02-01', effectiveUntil: '2026-03-01' } },
      },
    ],
    query: {
      owner_id: accountId,
      customer_id: customerId,
      status: 'DRAFT',
      start_time: 1767225600000,
      end_time: 1774915200000,
      pageSize: 20,
    },
    answer: { data: [waiting] },
  },
}

export const createInvoiceBillRun = {
  summary: 'Let the waiting invoices fall due',
  description:
    'Lets the invoices fall due that listInvoicesForBillRun would list now for the same filters, the one that has waited longest first. A job does this after the answer, with an entry for each invoice, and Location names the job. With require_confirmation, it starts when confirmJob is called. Each invoice is reckoned and frozen as if it fell due by itself, and its cycle is closed; generatedAt is the instant at which the job was started. An invoice that something else has let fall due meanwhile, or made void, is left as it is, and its entry says so.',
  example: {
    query: {
      owner_id: accountId,
      customer_id: customerId,
      status: 'DRAFT',
      start_time: 1767225600000,
      end_time: 1774915200000,
      require_confirmation: true,
    },
    answer: done,
    other: { query: { customer_id: customerId } },
  },
}

export const manageMiscellaneousChargesInInvoice = {
  summary: 'Set the miscellaneous charges of an invoice',
  description:
    'Replaces the charges that stand beside the lines of a DRAFT, such as a tax or the price of a service: of one that a person has written, or of the one of a pricing cycle, with which they stay when its price plan is changed. A charge is rate times quantity, or a number or JSON Logic in value: there, {"var": "…"} is what the lines with this id come to, before credits and charges are added, and charges do not see each other. One that comes to no number is 0 on the invoice, and info says why. They are reckoned whenever the invoice is.',
  refuses: { 400: WRONG_CHARGE, 404: MISSING, 409: 'The invoice is no DRAFT.' },
  example: {
    after: ['createCustomer', 'createCustomInvoice'],
    path,
    request: {
      items: [
        { name: 'Courier', rate: 20, quantity: 10 },
        { name: 'Tax', value: '{"*":[{"var":"NET_AMOUNT"},0.1]}', considerForRevenue: true },
      ],
    },
    answer: {
      data: [
        { name: 'Courier', rate: 20, quantity: 10, value: '200', considerForRevenue: false },
        { name: 'Tax', value: '{"*":[{"var":"NET_AMOUNT"},0.1]}', considerForRevenue: true },
      ],
    },
    other: { request: { items: [{ name: 'Courier', value: '10' }] } },
  },
}

export const manageMiscellaneousChargesInAccount = {
  summary: 'Set the miscellaneous charges of the next invoice of an account',
  description:
    'Replaces the charges that wait for the next invoice of a pricing cycle of an account that opens. It takes all of them, once: from then on manageMiscellaneousChargesInInvoice changes them. If the account has a DRAFT of a cycle, they wait for the cycle that follows it; if it has no price plan, they wait until it gets one. Charges of a DRAFT that goes with its price plan wait again. The charges are written and reckoned as those of an invoice.',
  refuses: { 400: WRONG_CHARGE, 404: 'No account of the organization has this id.', 409: 'The account is archived.' },
  example: {
    after: ['createCustomer'],
    path: { account_id: accountId },
    request: { items: [{ name: 'Courier', rate: 20, quantity: 10 }] },
    answer: { data: [{ name: 'Courier', rate: 20, quantity: 10, value: '200', considerForRevenue: false }] },
    other: { request: { items: [{ name: 'Courier', value: '10' }] } },
  },
}

export const listPricingRuleLogs = {
  summary: 'List what pricing rules did to an invoice',
  description:
    'Lists what each pricing rule of an invoice did, in their order, when it was reckoned last: of the DRAFT of a pricing cycle when this is read, of any other invoice when it was frozen. A rule that did not run, or failed, changes nothing: then the old numbers are the new ones, and errorMessage says what failed. Invoices that people have written have no rules.',
  refuses: { 403: UNREADABLE, 404: MISSING },
  example: { after: ['createCustomer', 'createCustomInvoice'], path, answer: { data: [] } },
}

export const deleteCustomInvoice = {
  summary: 'Delete a custom draft',
  description: 'Deletes a DRAFT that a person has written. Invoices that fell due are never deleted.',
  refuses: { 404: MISSING, 409: 'The invoice is no DRAFT, or not one that a person has written.' },
  example: {
    after: ['createCustomer', 'createCustomInvoice'],
    path,
    answer: done,
    other: { path: { invoice_id: 'inv.0VFLWOg4iVn.other' } },
  },
}

export const previewInvoices = {
  summary: 'Preview the invoices of a cycle',
  description:
    'Reckons what the invoices of the pricing cycle that holds an instant would be if nothing came any more: the one that is billed after the cycle, the one that is billed when it begins if the price plan has cards that are paid in advance, and the order of its cards that are PREPAID. The cycle can have ended, be the present one, or be one to come. Each line is the sum of its lineItems, cut to the minor unit of the currency where it has none. Miscellaneous charges are in it that are on the invoice of the cycle, or wait for it. Licences that are added within a cycle and paid in advance are not. It takes from the credits that are left now, also for a cycle that has been billed: what that cost is in its invoice. Nothing is stored.',
  refuses: {
    403: 'The token is a portal token that cannot read this account.',
    404: 'No account of the organization has this id, or it has no price plan at this time.',
  },
  example: {
    after: [
      'createCustomer',
      'createEventSchema',
      'createUsageMeter',
      'activateEventSchema',
      'activateUsageMeter',
      'createPricePlan',
      'activatePricePlan',
      'updatePricingSchedule',
    ],
    path: { account_id: accountId },
    query: { at: '2026-04-15T00:00:00Z' },
    answer: {
      data: [
        {
          customerId,
          ownerId: accountId,
          pricePlanId: sourcePricePlanId,
          invoiceType: 'STANDARD',
          startDate: '2026-04-01T00:00:00.000Z',
          endDate: '2026-05-01T00:00:00.000Z',
          endDateInclusive: '2026-04-30T23:59:59.999Z',
          invoiceDate: '2026-05-02T00:00:00.000Z',
          dueDate: '2026-05-02T00:00:00.000Z',
          netTermDays: 0,
          totalAmount: 0,
          invoiceDetails: { ...details, pricePlanName: 'Hosting' },
          usageInfo: [{ id: usageMeterId, description: 'Delivered gigabytes', type: 'USAGE_METER_USAGE', units: 'USAGE_UNITS', value: 0 }],
          revenueInfo: tree,
        },
      ],
    },
  },
}
