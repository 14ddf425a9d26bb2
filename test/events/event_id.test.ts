import { describe, expect, it } from 'vitest'
import { compileSchema, type SchemaDefinition } from '../../src/events/ingestion/definitions.ts'
import { resolveEventId } from '../../src/events/ingestion/evaluate.ts'
import { attributesOf, evaluate, named, parsed, schemaOf } from '../helpers/events.ts'

describe('the id of an event', () => {
  const fields = [
    { name: 'x', type: 'ATTRIBUTE', enrichmentType: 'JSON_LOGIC', value: '{"/":[6,{"var":"attributes.a"}]}', order: 1 },
  ] as const
  const idOf = (
    eventIdTemplate: string | undefined,
    more: Readonly<Record<string, unknown>> = {},
    enrichments?: SchemaDefinition['enrichments'],
  ) =>
    evaluate({ attributes: named('a'), dimensions: named('d'), eventIdTemplate, enrichments }, [], {
      id: undefined,
      attributes: attributesOf({ a: '3.0' }),
      dimensions: { d: 'x' },
      ...more,
    })

  it('is the one sent, before what a template makes', () => {
    expect(idOf('${dimensions.d}', { id: 'mine' }).eventId).toBe('mine')
    expect(idOf('${dimensions.d}', { id: '' }).eventId).toBe('x')
    expect(idOf(undefined)).toMatchObject({
      eventId: undefined,
      status: 'INGESTION_FAILED_NO_EVENT_ID',
      description: 'The event has no id, and its schema "rides" no eventIdTemplate.',
    })
  })

  it.each([
    ['${accountId}-${timestamp}-${dimensions.d}', 'acc1-2026-05-01T10:00:00.000Z-x'],
    ['${ customerId }/${schemaName}/${attribute.a}', 'cus1/rides/3'],
    ['{"cat":[{"var":"dimension.d"},":",{"var":"attributes.a"}]}', 'x:3'],
    [' \n{"var":"dimensions.d"}', 'x'],
    ['{"var":"attributes.a"}', '3'],
    ['{${dimensions.d}}', '{x}'],
    ['constant', undefined],
    ['$${dimensions.d}$', '$x$'],
    ['', undefined],
    ['${dimensions.gone}', undefined],
    ['x${dimensions.d', undefined],
    ['${a${dimensions.d}}', undefined],
    ['${}', undefined],
    ['${dimensions}', undefined],
    ['${id}', undefined],
    ['{"var":"dimensions"}', undefined],
    ['{"foo":1}', undefined],
    ['{"a":1,"b":2}', undefined],
    ['{"/":[1,0]}', undefined],
    ['{"cat":["a\\n",{"var":"dimensions.d"}]}', undefined],
    ['{"cat":["\\ud800",{"var":"dimensions.d"}]}', undefined],
    [`\${dimensions.d}${'y'.repeat(511)}`, `x${'y'.repeat(511)}`],
    [`\${dimensions.d}${'y'.repeat(512)}`, undefined],
  ])('by the template %.60j is %.60j', (template, id) => {
    expect(idOf(template).eventId).toBe(id)
    expect(idOf(template).status).toBe(id === undefined ? 'INGESTION_FAILED_NO_EVENT_ID' : 'INGESTION_COMPLETED_NO_MATCHING_METERS')
  })

  it('names the account as it was sent, so that an event that is sent again has the same one', () => {
    expect(idOf('${accountId}', { accountId: 'alias' }).eventId).toBe('alias')
  })

  it('is made after enrichment', () => {
    expect(idOf('${attributes.x}', {}, { fields }).eventId).toBe('2')
    expect(idOf('{"var":"attributes.x"}', {}, { fields }).eventId).toBe('2')
  })

  it('is none where the enrichment that it needs fails, or may need', () => {
    const zero = { attributes: attributesOf({ a: '0' }) }
    for (const template of ['${attributes.x}', '{"cat":["a",{"var":["attributes.x","?"]}]}'])
      expect(idOf(template, zero, { fields })).toMatchObject({
        status: 'INGESTION_FAILED_NO_EVENT_ID',
        description:
          'The event has no id, and the eventIdTemplate of "rides" makes none of it. The enrichment of "x" failed: "/": division by zero, at /~1.',
      })
    expect(idOf('${dimensions.d}', zero, { fields })).toMatchObject({ status: 'INGESTION_FAILED_ENRICHMENT_FAILED', eventId: 'x' })
    expect(idOf('${dimensions.d}', { attributes: [] })).toMatchObject({ status: 'INGESTION_FAILED', eventId: 'x' })
    expect(idOf('${attributes.a}', { attributes: [] })).toMatchObject({ status: 'INGESTION_FAILED_NO_EVENT_ID' })
  })

  it('is known before the account only where it will stay the same', () => {
    const early = (eventIdTemplate: string | undefined, id?: string, enrichments?: SchemaDefinition['enrichments']) =>
      resolveEventId(
        compileSchema(schemaOf({ attributes: named('a'), dimensions: named('d'), eventIdTemplate, enrichments }), []),
        parsed({ id, accountId: 'unknown', attributes: attributesOf({ a: '3' }), dimensions: { d: 'x' } }),
      )
    expect(early(undefined, 'mine')).toBe('mine')
    expect(early(undefined)).toBeUndefined()
    expect(early('${accountId}-${attributes.a}')).toBe('unknown-3')
    expect(early('${customerId}')).toBeUndefined()
    expect(early('${attributes.x}', undefined, { fields })).toBeUndefined()
    expect(early('{"var":"dimensions.d"}')).toBe('x')
    expect(early('{"var":["customerId","?"]}')).toBeUndefined()
    expect(early('{"var":"dimensions.d"}', undefined, { fields })).toBeUndefined()
  })
})
