import type { ExampleRequest } from './example.ts'
import type { Shape } from './shapes.ts'
import { cannotSend, clientOperations, queriesOf, readShape } from './client_models.ts'

/** How a client writes a request: what of it is not as another client writes it. */
interface Form {
  client: 'TypeScript' | 'Python' | 'Ruby'
  writeTime: (time: Date) => string
  writeQueryTime: (time: Date) => string
  /** The headers beside the token, and the type of a body, if there is one. */
  headers: (method: string, hasBody: boolean) => Record<string, string>
}

const JSON_TYPE = { 'Content-Type': 'application/json' }

const iso = (time: Date): string => time.toISOString()
const seconds = (time: Date): string => iso(time).slice(0, 19)

/** Python leaves out microseconds that are 0 in a body, and never in a query. */
const inPython = (time: Date): string => `${seconds(time)}${time.getUTCMilliseconds() ? `.${iso(time).slice(20, 23)}000` : ''}+00:00`

/** Ruby writes a time as a text for people, and drops what is finer than a second. */
const inRuby = (time: Date): string => `${seconds(time).replace('T', ' ')} UTC`

export const FORMS: readonly Form[] = [
  {
    client: 'TypeScript',
    writeTime: iso,
    writeQueryTime: iso,
    headers: (method, hasBody) => ({
      Accept: 'application/json, text/plain, */*',
      ...(hasBody ? JSON_TYPE : /^(?:POST|PUT|PATCH)$/.test(method) && { 'Content-Type': 'application/x-www-form-urlencoded' }),
    }),
  },
  {
    client: 'Python',
    writeTime: inPython,
    writeQueryTime: (time) => `${seconds(time)}.${iso(time).slice(20, 23)}000+0000`,
    headers: (_, hasBody) => ({ Accept: 'application/json', ...(hasBody && JSON_TYPE) }),
  },
  { client: 'Ruby', writeTime: inRuby, writeQueryTime: inRuby, headers: () => ({ Accept: 'application/json', ...JSON_TYPE }) },
]

/** A value with each time of a shape as a client writes it. What the model does not know cannot be sent. */
const writeValue = (value: unknown, shape: Shape, write: (time: Date) => string): unknown => {
  if (shape.kind === 'text' && shape.form === 'time' && typeof value === 'string') return write(new Date(value))
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((item) => writeValue(item, shape.of(), write))
  if (typeof value !== 'object' || value === null || (shape.kind !== 'object' && shape.kind !== 'map' && shape.kind !== 'list'))
    return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const inside = shape.kind === 'object' ? shape.fields[name]?.shape() : shape.of()
      return inside ? [[name, writeValue(item, inside, write)]] : []
    }),
  )
}

const TIME = /^\d{4}-\d\d-\d\dT/

/** The path of a request with the queries that the clients have, and the times in them as a client writes them. */
const writePath = (path: string, known: readonly string[], write: (time: Date) => string): string => {
  const [place = '', query = ''] = path.split('?')
  const pairs = [...new URLSearchParams(query)].filter(([name]) => known.includes(name))
  const written = pairs.map(([name, value]) => `${name}=${encodeURIComponent(TIME.test(value) ? write(new Date(value)) : value)}`)
  return written.length ? `${place}?${written.join('&')}` : place
}

/** The request of an example as each of the clients builds it. */
export const clientRequests = (operationId: string, [method, path, body]: ExampleRequest) => {
  const { body: model } = clientOperations[operationId] ?? {}
  return FORMS.filter(({ client }) => !cannotSend(operationId, client)).map(({ client, writeTime, writeQueryTime, headers }) => ({
    client,
    path: writePath(path, queriesOf(operationId, client), writeQueryTime),
    body: model ? writeValue(body, readShape(model), writeTime) : undefined,
    headers: headers(method, model !== undefined),
  }))
}
