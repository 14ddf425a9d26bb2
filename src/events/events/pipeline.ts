import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'

const EnrichedField = named(
  'EnrichedField',
  z.strictObject({ name: z.string(), type: z.enum(['ATTRIBUTE', 'DIMENSION']), value: z.string() }),
)

/** The details of how an event was processed. */
export const EventPipelineInfo = named(
  'EventPipelineInfo',
  z.strictObject({
    eventSchema: z.optional(named('EventPipelineInfoEventSchema', z.strictObject({ name: z.string(), version: z.int32() }))),
    usageMeters: z.optional(
      z.array(
        named(
          'EventPipelineInfoUsageMeters',
          z.strictObject({
            id: z.string(),
            name: z.string(),
            version: z.int32(),
            status: z.enum(['PROCESSED_FILTERED_OUT', 'PROCESSED_UNITS_COMPUTED']),
            units: z.optional(z.number()),
          }),
        ),
      ),
    ),
    pricePlans: z.optional(
      described(
        'The price plan by which the event is billed. Empty if the event counts nothing, or if its account has no plan at its time.',
        z.array(
          named(
            'EventPipelineInfoPricePlans',
            z.strictObject({
              name: z.string(),
              id: z.string(),
              scheduleId: z.string(),
              cycleStart: described('The first day of the pricing cycle of the event.', z.iso.date()),
              cycleEnd: described('The last day of the pricing cycle of the event.', z.iso.date()),
              usageMeters: z.optional(
                described(
                  'The ids of the usage meters that count the event and have a rate card.',
                  z.array(z.string()).register(z.globalRegistry, { uniqueItems: true }),
                ),
              ),
            }),
          ),
        ),
      ),
    ),
    account: z.optional(
      named('EventPipelineInfoAccount', z.strictObject({ id: z.string(), name: z.string(), alias: z.optional(z.string()) })),
    ),
    customer: z.optional(named('EventPipelineInfoCustomer', z.strictObject({ id: z.string(), name: z.string() }))),
    featureDetails: z.optional(
      named(
        'EventPipelineInfoFeatureDetails',
        z.strictObject({
          featureId: z.string(),
          mappedAttribute: z.string(),
          overageInCycle: z.optional(z.number()),
          overageInEvent: z.optional(z.number()),
        }),
      ),
    ),
    enrichments: z.optional(
      named(
        'EventPipelineInfoEnrichments',
        z.strictObject({
          attributes: z.optional(z.array(EnrichedField)),
          dimensions: z.optional(z.array(EnrichedField)),
          dependencies: z.optional(
            z.array(
              named(
                'EnrichmentDependency',
                z.strictObject({ key: z.string(), type: z.enum(['SETTING']), name: z.optional(z.string()), value: z.string() }),
              ),
            ),
          ),
        }),
      ),
    ),
    revenueDetails: z.optional(
      z.array(
        named(
          'EventPipelineInfoRevenueDetails',
          z.strictObject({ usageMeterId: z.string(), revenueBaseCurrency: z.number(), revenueInvoiceCurrency: z.number() }),
        ),
      ),
    ),
    statusBeforeReverting: z.optional(z.string()),
    baseCurrency: z.optional(z.string()),
    invoiceCurrency: z.optional(z.string()),
  }),
)
export type EventPipelineInfo = z.infer<typeof EventPipelineInfo>
