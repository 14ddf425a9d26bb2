import { invoiceId } from '../../lib/examples.ts'

const around = (type: string, description: string, value: string, lineItems: readonly object[]) => ({
  id: type,
  type,
  description,
  value,
  arithmetic: `${value} = ${value}`,
  lineItems,
})

export const explainInvoice = {
  summary: 'Explain an invoice',
  description:
    'Says of each line of an invoice how it came to its value: the arithmetic, the rate card and the version of its price plan, the days of a proration, the pricing rule with what it read, and how many events are behind a quantity, with a path that lists them. Values are decimals as text. A DRAFT is reckoned now, and an invoice that fell due with what it kept of that moment; events are counted now.',
  refuses: {
    403: 'The token is a portal token that cannot read this invoice. The same answer is given if the invoice does not exist.',
    404: 'No invoice of the organization has this id.',
  },
  example: {
    after: ['createCustomer', 'createCustomInvoice'],
    path: { invoice_id: invoiceId },
    answer: {
      invoiceId,
      invoiceType: 'CUSTOM',
      status: 'DRAFT',
      currency: 'USD',
      totalAmount: 300.5,
      grandTotal: around('GRAND_TOTAL_AMOUNT', 'Grand Total Amount', '300.5', [
        around('TOTAL_AMOUNT', 'Total Amount', '300.5', [
          around('NET_AMOUNT', 'Net Amount', '300.5', [
            around('GROSS_AMOUNT', 'Gross Amount', '300.5', [
              {
                id: 'onboarding',
                type: 'CUSTOM_AMOUNT',
                description: 'Onboarding',
                value: '300.5',
                quantity: '2',
                arithmetic: '2 × 150.25 = 300.5',
              },
            ]),
          ]),
        ]),
      ]),
    },
  },
}
