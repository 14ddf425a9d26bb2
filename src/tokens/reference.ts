export const authenticate = {
  summary: 'Exchange a token for a JWT',
  description: 'Gives a JWT that speaks for the calling token for 24 hours, or for as long as that has left. A JWT is given back as it is.',
}

export const getCustomerPortalDelegateToken = {
  summary: 'Make a token for a customer',
  description:
    'Gives a JWT that reads one customer and its accounts, and is refused by every other operation with 403. It holds until its expiry, whatever becomes of the calling token.',
  refuses: { 404: 'The customer does not exist, or does not have one of the accounts.', 409: 'The customer is archived.' },
}
