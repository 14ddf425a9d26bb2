import * as z from 'zod/mini'
import { decimalFromNumber, formatDecimal } from '../../lib/decimal.ts'
import { described, identifier } from '../../lib/fields.ts'
import type { Observed, Template } from './templates.ts'

/** What is said of thresholds, and which of them make sense. */
interface ThresholdRule {
  description: string
  form: Readonly<Record<string, number | string>>
  isAllowed: (value: number) => boolean
  expected: string
}

const POSITIVE: Omit<ThresholdRule, 'description'> = {
  form: { exclusiveMinimum: 0 },
  isAllowed: (value) => value > 0,
  expected: 'must be a number above 0',
}

const BALANCE: ThresholdRule = { description: 'An incident is opened when less than this is left.', ...POSITIVE }

const THRESHOLDS: Partial<Record<Observed, ThresholdRule>> = {
  USAGE: {
    description: 'An incident is opened when this much has been used.',
    ...POSITIVE,
  },
  FEATURE_BALANCE: BALANCE,
  CREDIT_BALANCE: BALANCE,
  UNPROCESSED_EVENTS: {
    description: 'An incident is opened when this many events have come. It is 1 when left out.',
    form: { type: 'integer', minimum: 1 },
    isAllowed: (value) => Number.isInteger(value) && value >= 1,
    expected: 'must be a whole number from 1 on',
  },
}

/** A threshold as a decimal text: a number in JSON, as exact as it was sent. */
const threshold = ({ description, form, isAllowed, expected }: ThresholdRule) =>
  z.pipe(
    z.number().register(z.globalRegistry, { ...form, description }),
    z.transform((value: number, { issues }): string => {
      const decimal = isAllowed(value) ? decimalFromNumber(value) : undefined
      if (decimal) return formatDecimal(decimal)
      issues.push({ code: 'custom', input: value, message: expected })
      return '0'
    }),
  )

const byId = (description: string) => z.strictObject({ id: described(description, identifier()) })

const NOTHING = z.strictObject({})

const USAGE_METER = z.strictObject({ usageMeter: byId('The id of the usage meter.') })
const FEATURE = z.strictObject({ feature: byId('The id of the feature.') })

/** The schema of entityDetails: the usage meter or the feature that is watched, if it is one of these. */
export const entityOf = ({
  entityType,
}: Pick<Template, 'entityType'>): z.ZodMiniType<{ usageMeter?: { id: string }; feature?: { id: string } }> => {
  if (entityType === 'USAGE_METER') return USAGE_METER
  return entityType === 'FEATURE' ? FEATURE : NOTHING
}

const ACCOUNT = z.strictObject({ account: byId('The id of the account.') })
const ORGANIZATION = z.strictObject({
  organization: z.optional(byId('The id of your own organization. No other one can be watched, so that it can be left out.')),
})

/** The schema of ownerDetails: whose account is watched, or that all are. */
export const ownerOf = ({
  ownerType,
}: Pick<Template, 'ownerType'>): z.ZodMiniType<{ account?: { id: string }; organization?: { id: string } | undefined }> =>
  ownerType === 'ACCOUNT' ? ACCOUNT : ORGANIZATION

const parametersByObserved = new Map<Observed, z.ZodMiniType<{ threshold?: { value: string } | undefined }>>()

/** The schema of parameters: the threshold, if the template has one, as a decimal text. */
export const parametersOf = ({ observed, threshold: own }: Pick<Template, 'observed' | 'threshold'>) => {
  const known = parametersByObserved.get(observed)
  if (known) return known
  const rule = THRESHOLDS[observed]
  const value = rule && z.strictObject({ value: threshold(rule) })
  const made: z.ZodMiniType<{ threshold?: { value: string } | undefined }> = !value
    ? NOTHING
    : own?.otherwise === undefined
      ? z.strictObject({ threshold: value })
      : z.strictObject({ threshold: z.optional(value) })
  parametersByObserved.set(observed, made)
  return made
}
