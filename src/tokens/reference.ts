export const authenticate = {
  summary: 'Exchange a token for a JWT',
  description: 'Gives a JWT that speaks for the calling token for 24 hours, or for as long as that has left. A JWT is given back as it is.',
}

export const getCustomerPortalDelegateToken = {
  summary: 'Make a token for a customer',
  description:
    'Gives a JWT that reads one customer and its accounts, and is refused by every other operation with 403. It holds until its expiry, and no longer than the secret that it was made with.',
  refuses: { 404: 'The customer does not exist, or does not have one of the accounts.', 409: 'The customer is archived.' },
}

const MISSING = 'The organization has no token with this id.'

export const createToken = {
  summary: 'Create a token',
  description:
    'Creates an API token of a role. The answer holds its secret, which is shown this once: the database has its SHA-256 only, and under an Idempotency-Key the answer itself, encrypted, for the token that asked.',
}

export const listTokens = {
  summary: 'List tokens',
  description:
    'Lists every token of the organization in the order in which they were made, expired and revoked ones too, a page at a time.',
}

export const getToken = {
  summary: 'Read a token',
  description: 'Reads what is known of a token, which is all but its secret.',
  refuses: { 404: MISSING },
}

export const rotateToken = {
  summary: 'Rotate a token',
  description:
    'Gives a token a new secret, which is shown this once. The secrets so far hold for the grace period more, unless they end sooner, with the JWTs that were made with them.',
  refuses: { 404: MISSING, 409: 'The token is revoked or has expired.' },
}

export const revokeToken = {
  summary: 'Revoke a token',
  description: 'Ends a token and the JWTs that were made with it, everywhere within 30 seconds. A second time changes nothing.',
  refuses: { 404: MISSING },
}
