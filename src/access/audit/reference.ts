import { customerId, second, tokenId } from '../../lib/examples.ts'

export const parameters = {
  resource_type: 'The type of the resource that was changed.',
}

export const listAuditLog = {
  summary: 'List the audit log',
  description:
    'Lists the changes of the organization, the newest first, page by page: who made the change, when, with which operation and request, and which fields it changed. An entry is written together with its change, and is sealed into a hash chain within a minute. Changes of tokens are shown only to the role ADMINISTRATOR.',
  refuses: { 400: 'resource_type or resource_id is given without the other.' },
  example: {
    after: ['createCustomer', 'updateCustomer'],
    query: {
      resource_type: 'CUSTOMER',
      resource_id: customerId,
      token_id: tokenId,
      from: '2026-01-01T00:00:00.000Z',
      until: '2027-01-01T00:00:00.000Z',
      pageSize: 1,
    },
    answer: {
      data: [
        {
          sequence: 5,
          at: second,
          tokenId,
          role: 'ADMINISTRATOR',
          operationId: 'updateCustomer',
          resourceType: 'CUSTOMER',
          resourceId: customerId,
          requestId: 'e030686e-d2ea-4305-aa72-a40626c6bd8c',
          changes: {
            name: { old: 'ACME Enterprise', new: 'ACME Holding' },
            primaryEmail: { old: 'admin@example.com', new: 'finance@example.com' },
          },
          hash: '73300871f44c168e7c949de2c750e60c2c9bb8ff530017c5a267234e9cb4db8e',
        },
      ],
      nextToken:
        'eyJzaXplIjoxLCJmaWx0ZXJzIjp7InJlc291cmNlX3R5cGUiOiJDVVNUT01FUiJ9LCJzb3J0IjpbWyJhdCIsIkRFU0MiXSxbInNlcXVlbmNlIiwiREVTQyJdXSwiYWZ0ZXIiOlsxNzc0ODY3MzIwMDAwLDVdLCJzaW5jZSI6MTc3NDg2NzM4MDAwMH0.wZYzs8EGhD10Te8Xyivc-7rP1lw8h91msy3Tt9LveBI',
      context: { pageSize: 1, sortOrder: 'DESC' },
    },
  },
}
