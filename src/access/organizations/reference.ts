import { organizationId, organizationName } from '../../lib/examples.ts'

export const getOrganization = {
  summary: 'Read the organization of the token',
  description:
    'Reads the organization for which the calling token speaks: its id, its name, the currency in which revenue is added up, and the present instant by its clock.',
  refuses: {},
  example: {
    answer: {
      id: organizationId,
      name: organizationName,
      baseCurrency: 'USD',
      createdAt: '2026-03-30T10:36:00.000Z',
      now: '2026-03-30T10:41:00.000Z',
      testClock: 'NONE',
    },
  },
}
