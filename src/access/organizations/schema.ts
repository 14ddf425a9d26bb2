import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'
import { dateTime } from '../../lib/time.ts'

export const Organization = named(
  'Organization',
  z.strictObject({
    id: described('The id of the organization, which settings of it name.', z.string()),
    name: z.string(),
    baseCurrency: described('The currency in which revenue of several currencies is added up.', z.string()),
    createdAt: dateTime(),
    now: described('The present instant of the organization: that of its test clock, or the real time.', dateTime()),
    testClock: described(
      'NONE where there are no test clocks. POSSIBLE if the organization lives in real time, and can have one. SET if it has one.',
      z.enum(['NONE', 'POSSIBLE', 'SET']),
    ),
  }),
)
export type Organization = z.infer<typeof Organization>
