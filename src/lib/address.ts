import * as z from 'zod/mini'
import { COUNTRIES } from './codes.ts'
import { code, named, text } from './fields.ts'

export const Address = named(
  'Address',
  z.strictObject({
    phoneNumber: z.optional(text()),
    line1: z.optional(text()),
    line2: z.optional(text()),
    postalCode: z.optional(text()),
    city: z.optional(text()),
    state: z.optional(text()),
    country: z.optional(code((country) => COUNTRIES.has(country), 'a country of ISO 3166-1 alpha-2 in capitals, such as US', 2)),
  }),
  'A postal address. Every part may be left out.',
)
export type Address = z.infer<typeof Address>

/** The address in one line, without the phone number: the order of the parts is the contract's (behaviour.md, Create customer). */
export const billingAddress = ({ line1, line2, postalCode, city, state, country }: Address): string =>
  [line1, line2, postalCode, city, state, country].filter((part) => part?.trim()).join(', ')
