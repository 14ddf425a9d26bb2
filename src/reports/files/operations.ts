import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { FileDownloadUrlResponse, FilePath, FileLocation, GetDownloadUrlQuery } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const files = feature('FileStorage', {
  getFile: operation({
    method: 'get',
    path: '/files/{file_id}',
    param: FilePath,
    portal: true,
    answers: { 302: FileLocation },
    location: ({ location }) => location,
    handle: (ctx, { param }) => service.getFile(ctx, param.file_id),
  }),
  getDownloadUrl: operation({
    method: 'get',
    path: '/files/{file_id}/download_url',
    param: FilePath,
    query: GetDownloadUrlQuery,
    portal: true,
    answers: { 200: FileDownloadUrlResponse },
    handle: (ctx, { param, query }) => service.getDownloadUrl(ctx, param.file_id, query.expiry),
  }),
})
