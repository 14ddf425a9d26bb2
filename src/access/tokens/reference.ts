import { done, first, second, signature, tokenId } from '../../lib/examples.ts'

const MISSING = 'The organization has no token with this id.'

const token = { id: 'token.0VFLW94Kiyx.5sL8d', name: 'Billing backend', role: 'DEVELOPER', createdAt: first }

const path = { token_id: token.id }

export const tags = {
  Authentication: 'JWTs for API tokens.',
  Extensions:
    "Operations that Togai's API did not have: restoring and erasing, tokens and roles, the audit log, webhooks, the making of reports, the explanation, preview and verification of invoices, and test clocks.",
}

export const parameters = {
  token_id: 'The id of the token, from the answer to its creation.',
}

export const authenticate = {
  summary: 'Exchange a token for a JWT',
  description:
    'Creates a JWT that can be used instead of the calling token for 24 hours, or until that token expires. The JWT becomes invalid when the secret of the token does. If the caller uses a JWT, the answer has the same JWT. Nothing is stored.',
  refuses: { 403: 'The calling token is a portal token, which cannot be exchanged.' },
  example: {
    answer: {
      token: `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0b2tlbi4wVkZMVXQxY0JuUy5iWWdoMCIsImV4cCI6MTc3NDk1MzY2MH0.${signature}`,
    },
  },
}

export const createToken = {
  summary: 'Create a token',
  description:
    'Creates an API token with a role. The answer contains its secret, which is shown only once: the database stores its SHA-256. If the request has an Idempotency-Key, the answer is also stored, encrypted, and can be repeated only for the calling token.',
  refuses: { 400: 'expiresAt is not in the future.' },
  example: {
    request: { name: token.name, role: token.role },
    answer: { ...token, token: 'togai_ExampleOfTheReferenceThatIsNoTokenAtAll0000000' },
    other: { request: { name: 'Reports', role: 'ANALYST' } },
  },
}

export const listTokens = {
  summary: 'List tokens',
  description:
    'Lists all tokens of the organization in the order in which they were created, including expired and revoked ones, page by page.',
  example: {
    after: ['createToken'],
    query: { pageSize: 20 },
    answer: {
      data: [
        { id: tokenId, name: 'First token', role: 'ADMINISTRATOR', createdAt: '2026-03-30T10:36:00.000Z', lastUsedOn: '2026-03-30' },
        token,
      ],
      context: { pageSize: 20, sortOrder: 'ASC' },
    },
  },
}

export const getToken = {
  summary: 'Read a token',
  description: 'Reads a token without its secret.',
  refuses: { 404: MISSING },
  example: { after: ['createToken'], path, answer: token },
}

export const rotateToken = {
  summary: 'Rotate a token',
  description:
    'Gives a token a new secret, which is shown only once. The previous secrets, and the JWTs that were created with them, stay valid for the grace period, unless they expire earlier.',
  refuses: { 404: MISSING, 409: 'The token is revoked or has expired.' },
  example: {
    after: ['createToken'],
    path,
    request: { gracePeriod: 3600 },
    answer: { ...token, previousExpiresAt: second.replace('T10', 'T11'), token: 'togai_ExampleOfTheReferenceThatIsNoTokenEither000000' },
    other: { request: { gracePeriod: 60 } },
  },
}

export const revokeToken = {
  summary: 'Revoke a token',
  description:
    'Revokes a token and the JWTs that were created with it, everywhere within 30 seconds. A token can revoke itself. Revoking it again changes nothing.',
  refuses: { 404: MISSING },
  example: { after: ['createToken'], path, answer: done, other: { path: { token_id: tokenId } } },
}
