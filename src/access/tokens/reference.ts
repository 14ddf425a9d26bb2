import { done, first, second, signature, tokenId } from '../../lib/examples.ts'

const MISSING = 'The organization has no token with this id.'

const token = { id: 'token.0VFLW94Kiyx.5sL8d', name: 'Billing backend', role: 'DEVELOPER', createdAt: first }

const path = { token_id: token.id }

export const tags = {
  Authentication: 'A token for a JWT.',
  Extensions: "What Togai's API did not have: restoring, tokens and their roles, and the log of every change.",
}

export const parameters = {
  token_id: 'The id of the token, as it was answered when it was made.',
}

export const authenticate = {
  summary: 'Exchange a token for a JWT',
  description:
    'Gives a JWT that speaks for the calling token for 24 hours, or for as long as that has left, and ends with its secret. A JWT is given back as it is. Nothing is kept.',
  refuses: { 403: 'It is a portal token, which cannot be exchanged.' },
  example: {
    answer: {
      token: `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0b2tlbi4wVkZMVXQxY0JuUy5iWWdoMCIsImV4cCI6MTc3NDk1MzY2MH0.${signature}`,
    },
  },
}

export const createToken = {
  summary: 'Create a token',
  description:
    'Creates an API token of a role. The answer holds its secret, which is shown this once: the database has its SHA-256 only, and under an Idempotency-Key the answer itself, encrypted, for the token that asked.',
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
    'Lists every token of the organization in the order in which they were made, expired and revoked ones too, a page at a time.',
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
  description: 'Reads what is known of a token, which is all but its secret.',
  refuses: { 404: MISSING },
  example: { after: ['createToken'], path, answer: token },
}

export const rotateToken = {
  summary: 'Rotate a token',
  description:
    'Gives a token a new secret, which is shown this once. The secrets so far hold for the grace period more, unless they end sooner, with the JWTs that were made with them.',
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
    'Ends a token and the JWTs that were made with it, everywhere within 30 seconds. It can be the token that asks. A second time changes nothing.',
  refuses: { 404: MISSING },
  example: { after: ['createToken'], path, answer: done, other: { path: { token_id: tokenId } } },
}
