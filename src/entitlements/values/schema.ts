import * as z from 'zod/mini'
import { described, named, text } from '../../lib/fields.ts'

export const GetEntitlementValuesResponse = named(
  'GetEntitlementValuesResponse',
  z.strictObject({
    data: z.array(
      named(
        'GetEntitlementValuesResponseDataInner',
        z.strictObject({
          featureId: z.string(),
          value: described(
            'Of a feature that events use up, what is left of its credits; of another one, true, or what the setting of the account says.',
            z.string(),
          ),
        }),
      ),
    ),
  }),
)
export type GetEntitlementValuesResponse = z.infer<typeof GetEntitlementValuesResponse>

export const ValidateEntitlementValueRequest = named(
  'ValidateEntitlementValueRequest',
  z.strictObject({
    value: described(
      'How many units are wanted of a feature that events use up; of another one, the value that it must have.',
      text(32768),
    ),
  }),
)
export type ValidateEntitlementValueRequest = z.infer<typeof ValidateEntitlementValueRequest>
