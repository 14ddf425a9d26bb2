import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { Incident, IncidentPath, IncidentsPaginatedResponse, ListIncidentsQuery, UpdateIncidentStatusRequest } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const incidents = feature('Alerts', {
  getIncidents: operation({
    method: 'get',
    path: '/incidents',
    query: ListIncidentsQuery,
    answers: { 200: IncidentsPaginatedResponse },
    handle: (ctx, { query }) => service.getIncidents(ctx, query),
  }),
  getIncident: operation({
    method: 'get',
    path: '/incidents/{incident_id}',
    param: IncidentPath,
    answers: { 200: Incident },
    tagged: true,
    handle: (ctx, { param }) => service.getIncident(ctx, param.incident_id),
  }),
  updateIncidentStatus: operation({
    method: 'put',
    path: '/incidents/{incident_id}/status',
    param: IncidentPath,
    json: UpdateIncidentStatusRequest,
    answers: { 200: Incident },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.updateIncidentStatus(ctx, param.incident_id),
  }),
})
