import { compare, formatDecimal, parseDecimal } from '../../lib/decimal.ts'
import { length } from '../../lib/fields.ts'
import { shortenDescription, ownOf } from './context.ts'
import type { ParsedEvent } from './event.ts'
import { keyOf } from './texts.ts'

/** The reserved schema whose events contain the usage of a meter. */
export const USAGE_SCHEMA = 'togai-usage'

/** The reserved schema whose events add and remove names of a named licence. */
export const LICENSE_SCHEMA = 'togai-named-license'

const NO_ID = 'The event has no id, and its schema is a reserved one, without an eventIdTemplate.'

/** The result of an event of `togai-usage`. */
export type UsageEvaluation =
  | {
      readonly status: 'INGESTION_COMPLETED_EVENT_METERED'
      readonly description: string
      readonly meterId: string
      /** A decimal. */
      readonly units: string
    }
  | {
      readonly status: 'INGESTION_COMPLETED_NO_MATCHING_METERS' | 'INGESTION_FAILED' | 'INGESTION_FAILED_NO_EVENT_ID'
      readonly description: string
      readonly meterId?: undefined
      readonly units?: undefined
    }

const attributeOf = (event: ParsedEvent, name: string): string | undefined =>
  event.attributes.find((attribute) => attribute.name === name)?.value

/** Evaluates an event of `togai-usage`, which adds usage directly to the meter that it names. `isActive` says whether an id belongs to an ACTIVE meter. */
export const evaluateUsageEvent = (event: ParsedEvent, isActive: (meterId: string) => boolean): UsageEvaluation => {
  if (event.id === undefined) return { status: 'INGESTION_FAILED_NO_EVENT_ID', description: NO_ID }
  const meterId = ownOf(event.dimensions, 'usage_meter_id')
  const usage = parseDecimal(attributeOf(event, 'usage') ?? '')
  if (!usage) return { status: 'INGESTION_FAILED', description: 'The event lacks the attribute "usage".' }
  if (meterId === undefined) return { status: 'INGESTION_FAILED', description: 'The event lacks the dimension "usage_meter_id".' }
  if (!isActive(meterId))
    return {
      status: 'INGESTION_COMPLETED_NO_MATCHING_METERS',
      description: 'The dimension "usage_meter_id" is not the id of an active usage meter.',
    }
  return {
    status: 'INGESTION_COMPLETED_EVENT_METERED',
    description: 'Ingestion completed successfully',
    meterId,
    units: formatDecimal(usage),
  }
}

/** What an event of `togai-named-license` does: it adds a name to a licence or removes one from it. */
export type LicenseEvent =
  | {
      readonly licenseId: string
      readonly name: string
      readonly action: 'ADD' | 'REMOVE'
      readonly status?: undefined
      readonly description?: undefined
    }
  | {
      readonly status: 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT' | 'INGESTION_FAILED_NO_EVENT_ID'
      readonly description: string
    }

const LONGEST_NAME = 50
const ONE = { coefficient: 1n, scale: 0 }
const MINUS_ONE = { coefficient: -1n, scale: 0 }

const readAction = (value: string | undefined): 'ADD' | 'REMOVE' | undefined => {
  const action = parseDecimal(value ?? '')
  if (!action) return undefined
  if (compare(action, ONE) === 0) return 'ADD'
  return compare(action, MINUS_ONE) === 0 ? 'REMOVE' : undefined
}

const faultsOf = (licenseId: string | undefined, name: string | undefined, licenseIds: ReadonlySet<string>): string[] => {
  const faults: string[] = []
  if (licenseId === undefined) faults.push('the dimension "license_id" is missing')
  else if (!licenseIds.has(licenseId)) faults.push('the dimension "license_id" is not the id of a named licence')
  if (name === undefined) faults.push('the dimension "name" is missing')
  else if (length(name) > LONGEST_NAME) faults.push(`the dimension "name" has more than ${LONGEST_NAME} characters`)
  else if (/\p{Cc}/u.test(name)) faults.push('the dimension "name" has control characters')
  return faults
}

/** Reads an event of `togai-named-license`, or says what is wrong with it. The name is in NFC. */
export const readLicenseEvent = (event: ParsedEvent, licenseIds: ReadonlySet<string>): LicenseEvent => {
  if (event.id === undefined) return { status: 'INGESTION_FAILED_NO_EVENT_ID', description: NO_ID }
  const licenseId = ownOf(event.dimensions, 'license_id')
  const name = ownOf(event.dimensions, 'name')
  const action = readAction(attributeOf(event, 'action'))
  const faults = faultsOf(licenseId, name, licenseIds)
  if (!action) faults.push('the attribute "action" is neither 1 nor -1')
  if (faults.length || !action || licenseId === undefined || name === undefined)
    return {
      status: 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT',
      description: shortenDescription(`The licence event is not valid: ${faults.join('; ')}.`),
    }
  return { licenseId, name: keyOf(name), action }
}
