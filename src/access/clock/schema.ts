import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'
import { dateTime, instant } from '../../lib/time.ts'

export const TestClock = named(
  'TestClock',
  z.strictObject({
    now: described('The present instant of the organization.', dateTime()),
    isSet: described('Whether it is the instant of a test clock. Otherwise it is the real time.', z.boolean()),
  }),
)
export type TestClock = z.infer<typeof TestClock>

export const MoveTestClockRequest = named(
  'MoveTestClockRequest',
  z.strictObject({ now: described('The instant to which the clock is moved.', instant()) }),
)
export type MoveTestClockRequest = z.infer<typeof MoveTestClockRequest>

export const MovedTestClock = named(
  'MovedTestClock',
  z.strictObject({
    now: described('The instant that the clock has reached. If it is before target, send the request again to go on.', dateTime()),
    target: described('The instant to which the clock is moved.', dateTime()),
    due: described('How many pieces of work this request has done because they became due.', z.int()),
  }),
)
export type MovedTestClock = z.infer<typeof MovedTestClock>
