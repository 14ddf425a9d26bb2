import * as z from 'zod/mini'
import { described, int32, label, named } from '../../lib/fields.ts'

/** When accounts are moved, and whether those are that have something instead of a part of their plan. */
export const MOVING_MODES = [
  'IMMEDIATE',
  'IMMEDIATE_IGNORE_OVERRIDE',
  'NEXT_CYCLE',
  'NEXT_CYCLE_IGNORE_OVERRIDE',
  'START_OF_CURRENT_CYCLE',
] as const
export type MovingMode = (typeof MOVING_MODES)[number]

const planId = (description: string) => described(description, label(1, 255))

export const CreatePricePlanMigrationRequest = named(
  'CreatePricePlanMigrationRequest',
  z.strictObject({
    sourceId: planId('The price plan that accounts have.'),
    sourceVersion: described('Its version.', int32(1)),
    targetId: z.optional(planId('The price plan that they get. If it is left out, theirs ends.')),
    targetVersion: z.optional(described('Its version, by default the newest one that is published.', int32(1))),
    migrationMode: described('From which day on they get it, and whether accounts with overrides do.', z.enum(MOVING_MODES)),
    retainStartOffsets: z.optional(
      described(
        'Whether the cycles of each account begin on the days on which they begin now. Both versions must have the same interval.',
        z.boolean(),
      ),
    ),
    isPricePlanV2Migration: z.optional(described('Makes no difference: all price plans are of one kind.', z.boolean())),
    requireConfirmation: z.optional(described('Whether the job waits until it is confirmed.', z.boolean())),
  }),
)
export type CreatePricePlanMigrationRequest = z.infer<typeof CreatePricePlanMigrationRequest>
