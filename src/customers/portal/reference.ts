import { accountId, customerId, signature } from '../../lib/examples.ts'

export const tags = {
  'Customer Portal': 'Tokens with which a customer can read its own data.',
}

export const getCustomerPortalDelegateToken = {
  summary: 'Create a portal token for a customer',
  description:
    'Creates a JWT that can read one customer, the accounts that the request names or all of its accounts, and what is theirs: events, metrics, schedules, licences, invoices, credits, payments, the wallet, proposals and purchases, credits of features, and reports. Every other operation refuses it with 403. It is valid until it expires or until the secret of the calling token becomes invalid. Nothing is stored.',
  refuses: {
    400: 'An account is named twice.',
    403: 'The calling token is a portal token, which cannot create another one.',
    404: 'The customer does not exist, or has no account with one of the ids that is not archived. The message names it.',
    409: 'The customer is archived.',
  },
  example: {
    after: ['createCustomer'],
    request: { customerId, accountIds: [accountId], expiry: 3600 },
    answer: {
      token: `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0b2tlbi4wVkZMVXQxY0JuUy5iWWdoMCIsImV4cCI6MTc3NDg3MDkyMCwicG9ydGFsIjp7ImN1c3RvbWVySWQiOiIwMUJYNVpaS0JLQUNUQVY5V0VWR0VNTVZSWiJ9fQ.${signature}`,
    },
  },
}
