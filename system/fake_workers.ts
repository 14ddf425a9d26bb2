import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

interface Binding {
  type: string
  name: string
  text?: string
}

/** A Durable Object class in an upload. */
interface ObjectClass {
  type: string
  storage: string
}

interface Metadata {
  bindings: Binding[]
  main_module?: string
  exports?: Record<string, ObjectClass>
  annotations?: Record<string, string>
  observability?: object
  keep_bindings?: string[]
}

interface Version {
  id: string
  metadata: Metadata
  bindings: Binding[]
}

/** A Worker of the account. `deployed` has the ids of its versions, the newest first. */
export interface FakeWorker {
  versions: Version[]
  deployed: string[]
  secrets: Map<string, string>
  /** The classes that it has objects of. An upload must not leave one out. */
  classes: Map<string, ObjectClass>
  crons: string[]
  enabled: boolean
  tags: string[]
  observability: object | undefined
}

/** An error that the API answers. */
export class Refused extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const noWorker = (): never => {
  throw new Refused(404, 10007, 'This Worker does not exist on your account.')
}

const refuseClass = (name: string, message: string): never => {
  throw new Refused(400, 100402, `Durable Object exports reconciliation failed: class '${name}': ${message}`)
}

/** The form that a request has sent. */
export const formOf = (request: IncomingMessage, body: Buffer): Promise<FormData> =>
  new Response(new Uint8Array(body), { headers: { 'Content-Type': request.headers['content-type'] ?? '' } }).formData()

/** Checks the classes of an upload: its code must export each, and it must name each class that the Worker has. Returns the new ones. */
const takeClasses = ({ classes }: FakeWorker, { exports = {}, bindings }: Metadata, code: string): string[] => {
  for (const [name, { type, storage }] of Object.entries(exports)) {
    if (type !== 'durable-object' || storage !== 'sqlite') refuseClass(name, `is a ${type} of storage ${storage}`)
    if (!new RegExp(`\\bas ${name}\\b|\\bexport\\{[^}]*\\b${name}\\b`).test(code)) refuseClass(name, 'is not exported by the code')
  }
  for (const name of classes.keys()) if (!exports[name]) refuseClass(name, 'has objects, and is not named')
  for (const { type, name } of bindings) if (type === 'durable_object_namespace') refuseClass(name, 'needs no binding')
  const made = Object.keys(exports).filter((name) => !classes.has(name))
  for (const name of made) classes.set(name, exports[name] as ObjectClass)
  return made
}

/** Makes a new version from an upload. Inherited bindings come from the previous version, and secrets that it does not name are lost unless it keeps them. */
export const addVersion = async (worker: FakeWorker, request: IncomingMessage, body: Buffer): Promise<Version & { made: string[] }> => {
  const form = await formOf(request, body)
  const metadata = JSON.parse((form.get('metadata') as string | null) ?? '{}') as Metadata
  const main = form.get(metadata.main_module ?? '')
  const made = takeClasses(worker, metadata, main instanceof Blob ? await main.text() : (main ?? ''))
  const before = worker.versions.find(({ id }) => id === worker.deployed[0])
  const bindings = metadata.bindings.map((binding) => {
    if (binding.type === 'secret_text') worker.secrets.set(binding.name, binding.text ?? '')
    if (binding.type !== 'inherit') return binding
    const kept = before?.bindings.find(({ name }) => name === binding.name)
    if (!kept && !worker.secrets.has(binding.name)) throw new Refused(400, 10057, `inherit binding '${binding.name}' is invalid`)
    return kept ?? { type: 'secret_text', name: binding.name }
  })
  for (const name of [...worker.secrets.keys()].filter((secret) => !bindings.some((binding) => binding.name === secret)))
    if (metadata.keep_bindings?.includes('secret_text')) bindings.push({ type: 'secret_text', name })
    else worker.secrets.delete(name)
  const shown = bindings.map(({ text, ...one }) => (one.type === 'plain_text' && text !== undefined ? { ...one, text } : one))
  const version = { id: randomUUID(), metadata, bindings: shown }
  worker.versions.push(version)
  return { ...version, made }
}

/** The settings of a Worker as the API shows them. */
export const showSettings = (worker: FakeWorker) => ({
  bindings: worker.versions.find(({ id }) => id === worker.deployed[0])?.bindings ?? [],
  observability: worker.observability,
  tags: worker.tags,
})
