import { describe, expect, it } from 'vitest'
import { parseEvent } from '../../src/events/ingestion/event.ts'
import { evaluateUsageEvent, LICENSE_SCHEMA, readLicenseEvent, USAGE_SCHEMA } from '../../src/events/ingestion/reserved.ts'
import cases from '../data/events.json'
import { attributesOf, parsed } from '../helpers/events.ts'

const caseOf = (id: string) => {
  const found = cases.find((each) => each.id === id)
  const result = parseEvent({ id: 'e-1', ...(found?.given.event as object) })
  if ('message' in result) throw new Error(result.message)
  return { event: result.event, expected: found?.expect }
}

describe('an event of togai-usage', () => {
  const METER = 'um.21UFaN6gpmS.RAbFG'
  const isActive = (meterId: string) => meterId === METER
  const usage = (values: Readonly<Record<string, string>>, dimensions: Readonly<Record<string, string>> = { usage_meter_id: METER }) =>
    evaluateUsageEvent(parsed({ schemaName: USAGE_SCHEMA, attributes: attributesOf(values), dimensions }), isActive)

  it('of the contract adds its usage to its meter', () => {
    const { event, expected } = caseOf('meter.togai-usage')
    expect(evaluateUsageEvent(event, isActive)).toMatchObject({
      status: 'INGESTION_COMPLETED_EVENT_METERED',
      meterId: expected?.['meter'],
      units: String(expected?.units),
    })
    expect(new Date(event.timestamp)).toEqual(new Date(expected?.['time'] ?? ''))
  })

  it.each([
    [{ usage: '-2.50' }, '-2.5'],
    [{ other: '1', usage: '0.0000001' }, '0.0000001'],
    [{ usage: '7'.repeat(512) }, '7'.repeat(512)],
  ])('adds exactly what it says', (values, units) => {
    expect(usage(values).units).toBe(units)
  })

  it.each([
    [{}, undefined, 'INGESTION_FAILED', 'The event lacks the attribute "usage".'],
    [{ Usage: '1' }, undefined, 'INGESTION_FAILED', 'The event lacks the attribute "usage".'],
    [{}, {}, 'INGESTION_FAILED', 'The event lacks the attribute "usage".'],
    [{ usage: '1' }, {}, 'INGESTION_FAILED', 'The event lacks the dimension "usage_meter_id".'],
    [
      { usage: '1' },
      { usage_meter_id: 'um.secret' },
      'INGESTION_COMPLETED_NO_MATCHING_METERS',
      'The dimension "usage_meter_id" is not the id of an active usage meter.',
    ],
  ])('%j %j ends in its status', (values, dimensions, status, description) => {
    expect(usage(values, dimensions)).toEqual({ status, description })
  })

  it('needs an id', () => {
    const event = parsed({
      id: undefined,
      schemaName: USAGE_SCHEMA,
      attributes: attributesOf({ usage: '1' }),
      dimensions: { usage_meter_id: METER },
    })
    expect(evaluateUsageEvent(event, isActive).status).toBe('INGESTION_FAILED_NO_EVENT_ID')
  })
})

describe('an event of togai-named-license', () => {
  const LICENSE = 'addon.sample.sample'
  const license = (
    action: string | undefined,
    dimensions: Readonly<Record<string, string>> = { license_id: LICENSE, name: 'unique_name' },
  ) =>
    readLicenseEvent(
      parsed({ schemaName: LICENSE_SCHEMA, attributes: action === undefined ? [] : attributesOf({ action }), dimensions }),
      new Set([LICENSE]),
    )

  it('of the contract adds its name', () => {
    const { event, expected } = caseOf('meter.named-license')
    expect(readLicenseEvent(event, new Set([LICENSE]))).toEqual({ licenseId: LICENSE, name: 'unique_name', action: 'ADD' })
    expect(new Date(event.timestamp)).toEqual(new Date(expected?.namedLicense?.effectiveFrom ?? ''))
  })

  it.each([
    ['1', 'ADD'],
    ['01.00', 'ADD'],
    ['-1', 'REMOVE'],
    ['-1.0', 'REMOVE'],
  ])('of action %s is to %s', (action, what) => {
    expect(license(action)).toMatchObject({ action: what })
  })

  it('names in NFC, of up to 50 characters', () => {
    expect(license('1', { license_id: LICENSE, name: 'e\u0301' })).toMatchObject({ name: 'é' })
    expect(license('1', { license_id: LICENSE, name: '\u{1F600}'.repeat(50) })).toMatchObject({ action: 'ADD' })
  })

  it.each([
    ['0', undefined, 'the attribute "action" is neither 1 nor -1'],
    ['2', undefined, 'the attribute "action" is neither 1 nor -1'],
    ['1.0000001', undefined, 'the attribute "action" is neither 1 nor -1'],
    [undefined, undefined, 'the attribute "action" is neither 1 nor -1'],
    ['1', { name: 'n' }, 'the dimension "license_id" is missing'],
    ['1', { license_id: 'addon.other', name: 'n' }, 'the dimension "license_id" is not the id of a named licence'],
    ['1', { license_id: LICENSE }, 'the dimension "name" is missing'],
    ['1', { license_id: LICENSE, name: 'n'.repeat(51) }, 'the dimension "name" has more than 50 characters'],
    ['1', { license_id: LICENSE, name: 'a\nb' }, 'the dimension "name" has control characters'],
    ['3', {}, 'the dimension "license_id" is missing; the dimension "name" is missing; the attribute "action" is neither 1 nor -1'],
  ])('%s %j is not valid', (action, dimensions, fault) => {
    expect(license(action, dimensions)).toEqual({
      status: 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT',
      description: `The licence event is not valid: ${fault}.`,
    })
  })

  it('needs an id', () => {
    expect(readLicenseEvent(parsed({ id: '', schemaName: LICENSE_SCHEMA }), new Set())).toMatchObject({
      status: 'INGESTION_FAILED_NO_EVENT_ID',
    })
  })
})
