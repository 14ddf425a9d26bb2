import { accountId, invoiceId } from '../../lib/examples.ts'

export const verifyInvoices = {
  summary: 'Verify invoices',
  description:
    'Reckons invoices that fell due again, from events, licences and price plans as they were then, page by page, and says of each what differs: what the events of a usage meter add up to, what licences there were, and what the same price plan makes of them. Invoices that people have written are made of their lines again, and what was merged into an invoice of a group is added up again. An invoice of what was bought, and one that fell due before these were kept, can only be added up.',
  example: {
    after: [
      'createCustomer',
      {
        operation: 'createCustomInvoice',
        request: {
          accountId,
          startDate: '2026-03-01T00:00:00Z',
          endDate: '2026-03-30T00:00:00Z',
          status: 'DUE',
          lineItems: [{ id: 'onboarding', description: 'Onboarding', quantity: 2, valuePerQuantity: 150.25 }],
        },
        answer: { id: invoiceId },
        other: {
          request: {
            accountId,
            startDate: '2026-03-01T00:00:00Z',
            endDate: '2026-03-30T00:00:00Z',
            status: 'DUE',
            lineItems: [{ value: 7 }],
          },
        },
      },
    ],
    query: { owner_id: accountId, pageSize: 20 },
    answer: {
      data: [
        {
          invoiceId,
          sequenceId: '2026-03-0001',
          ownerId: accountId,
          invoiceType: 'CUSTOM',
          status: 'DUE',
          totalAmount: 300.5,
          isReckoned: true,
          differences: [],
        },
      ],
    },
  },
}
