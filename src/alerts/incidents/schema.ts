import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { pageQuery, paginatedPlainly } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { INCIDENT_STATUSES } from './table.ts'

export const Incident = named(
  'Incident',
  z.strictObject({
    id: z.string(),
    alertId: z.string(),
    alertVersion: described('The version of the alert that opened it.', z.int()),
    alertTemplateId: z.string(),
    validUntil: z.optional(
      described(
        'When it is closed at the latest: at the end of the pricing cycle if it is about usage, or else when its alert is over.',
        dateTime(),
      ),
    ),
    reportData: z.optional(
      described(
        'What the last check saw: of which account, usage meter or feature, observed and threshold with their values, and where it applies the window of time, the first of the invoices, and the currencies that could not be counted.',
        z.record(z.string(), z.record(z.string(), z.unknown())),
      ),
    ),
    status: described('OPEN or CLOSED.', z.string()),
    lastCheckedAt: z.optional(dateTime()),
    createdAt: dateTime(),
    updatedAt: z.optional(dateTime()),
  }),
)
export type Incident = z.infer<typeof Incident>

export const UpdateIncidentStatusRequest = named('UpdateIncidentStatusRequest', z.strictObject({ status: z.enum(['CLOSED']) }))
export type UpdateIncidentStatusRequest = z.infer<typeof UpdateIncidentStatusRequest>

export const IncidentPath = z.strictObject({ incident_id: identifier() })

export const ListIncidentsQuery = pageQuery({
  status: z.optional(described('Lists the incidents of one status. All when left out.', z.enum(INCIDENT_STATUSES))),
  alert_id: z.optional(described('Lists the incidents of one alert.', identifier())),
})
export type ListIncidentsQuery = z.infer<typeof ListIncidentsQuery>

export const IncidentsPaginatedResponse = named('IncidentsPaginatedResponse', paginatedPlainly(Incident))
export type IncidentsPaginatedResponse = z.infer<typeof IncidentsPaginatedResponse>
