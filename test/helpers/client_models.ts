import facts from '../data/clients.json' with { type: 'json' }
import exceptions from '../data/client_exceptions.json' with { type: 'json' }
import { type Shape, NOTHING, findFaults } from './shapes.ts'

const models: Readonly<Record<string, Readonly<Record<string, string>>>> = facts.models

const FORM = /^(text|list|map|integer|number)(?: (\d*)\.\.(\d*))?(?: \/(.*)\/)?(?: of (.*))?$/

const boundsOf = (min: string | undefined, max: string | undefined) => ({
  ...(min && { min: Number(min) }),
  ...(max && { max: Number(max) }),
})

const readForm = (written: string): Shape => {
  const [, kind, min, max, pattern, item = ''] = FORM.exec(written) ?? []
  const bounds = boundsOf(min, max)
  if (kind === 'text') return { kind, ...bounds, ...(pattern && { pattern }) }
  if (kind === 'list' || kind === 'map') return { kind, ...bounds, of: () => readShape(item) }
  if (kind === 'integer' || kind === 'number') return { kind: 'number', whole: kind === 'integer', ...bounds }
  throw new Error(`test/data/clients.json has the unknown form "${written}"`)
}

/** What a form of test/data/clients.json means: `text 3..255`, `one of ACTIVE, ARCHIVED`, `list 1..50 of Setting`, `time`, or the name of a model. */
export const readShape = (written: string): Shape => {
  if (written.endsWith(' or null')) return { kind: 'union', of: [readShape(written.slice(0, -' or null'.length)), { kind: 'null' }] }
  if (written.startsWith('one of ')) return { kind: 'text', values: written.slice('one of '.length).split(', ') }
  if (written === 'any' || written === 'boolean') return { kind: written }
  if (written === 'time' || written === 'date') return { kind: 'text', form: written }
  return models[written] ? readModel(written) : readForm(written)
}

/** A model of the clients, by its name. They read what they know of it and pass over the rest. */
const readModel = (name: string): Shape => ({
  kind: 'object',
  name,
  open: true,
  fields: Object.fromEntries(
    Object.entries(models[name] ?? {}).map(([field, written]) => [
      field.replace(/\?$/, ''),
      { isRequired: !field.endsWith('?'), shape: () => readShape(written) },
    ]),
  ),
})

/** What the clients know of an operation: the model of its body, its queries, and the model of each answer, `null` if they read none. */
interface ClientOperation {
  body?: string
  query?: string[]
  answers: Readonly<Record<string, string | null>>
}

export const clientOperations = facts.operations as Readonly<Record<string, ClientOperation>>

/** The shape of what the clients read of an answer. A status that they do not know is passed over. */
export const readAnswer = (operationId: string, status: number | string): Shape => {
  const name = clientOperations[operationId]?.answers[status]
  return name ? readShape(name) : NOTHING
}

/** The kinds of what the clients cannot do: an answer that they refuse, or a query that they cannot send. */
interface Exception {
  operations: string[]
  where?: string
  query?: string[]
  clients: string[]
}

export const clientExceptions: readonly Exception[] = exceptions

/** Whether it is known that the clients refuse an answer for what is at this place. */
export const isExcepted = (operationId: string, at: string): boolean =>
  clientExceptions.some(({ operations, where }) => where !== undefined && operations.includes(operationId) && new RegExp(where).test(at))

/** The queries of an operation that a client's method has, or that its user can add. */
export const queriesOf = (operationId: string, client: string): string[] => [
  ...(clientOperations[operationId]?.query ?? []),
  ...clientExceptions
    .filter(({ operations, clients }) => operations.includes(operationId) && !clients.includes(client))
    .flatMap(({ query = [] }) => query),
]

/** Whether a client cannot send the example of an operation. */
export const cannotSend = (operationId: string, client: string): boolean =>
  clientExceptions.some(
    ({ operations, clients, query }) => query !== undefined && operations.includes(operationId) && clients.includes(client),
  )

/** What makes the clients refuse an answer, other than what is known and said. */
export const findRefusals = (operationId: string, status: number, body: unknown): string[] =>
  findFaults(body, readAnswer(operationId, status)).filter((fault) => !isExcepted(operationId, fault.split(' ')[0] ?? ''))
