import { accountId, customerId, signature } from '../../lib/examples.ts'

export const tags = {
  'Customer Portal': 'Tokens with which a customer reads what is its own.',
}

export const getCustomerPortalDelegateToken = {
  summary: 'Make a token for a customer',
  description:
    'Gives a JWT that reads one customer and its metrics, with the accounts that are named or all of them, and is refused by every other operation with 403. It holds until its expiry, and no longer than the secret that it was made with. Nothing is kept.',
  refuses: {
    400: 'An account is named twice.',
    403: 'It is a portal token, which makes no other.',
    404: 'The customer does not exist, or one of the accounts does not, is archived or is not its own. The message names it.',
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
