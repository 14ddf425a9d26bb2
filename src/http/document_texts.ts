type Texts = Readonly<Record<string, string>>

/** Another request of an operation than that of its own example. */
export interface Step {
  operation: string
  /** The parameters of its path, if it has any. */
  path?: Texts
  request: Record<string, unknown>
  answer: Record<string, unknown>
  /** A second valid request with another body. Only the tests send it. */
  other?: Readonly<{ request: Record<string, unknown> }>
}

/** An example request of an operation, and its answer. */
export interface Example {
  /** The operations whose examples are sent first, or other requests of them, since this one needs what they create. `<operationId>.other` sends the second request of one. */
  after?: readonly (string | Step)[]
  path?: Texts
  query?: Readonly<Record<string, string | number | boolean>>
  /** Other values of the query that give the same answer, each when it is sent alone. The tests send them. */
  instead?: Texts
  /** Other values of the query that give another answer. They are shown and not sent. */
  otherwise?: Texts
  request?: Record<string, unknown>
  answer: Record<string, unknown>
  /** For a write, a second valid request with another body, path or query. Only the tests send it, under the key of the first. */
  other?: Readonly<{ path?: Texts; query?: Example['query']; request?: Record<string, unknown> }>
}

/** The texts of an operation in the document. */
export interface Reference {
  summary: string
  description: string
  /** The causes of the operation's own refusals, by status. Those that all operations share are left out. */
  refuses?: Partial<Record<400 | 403 | 404 | 409 | 422, string>>
  example: Example
}

/** All texts of the document. */
export interface DocumentTexts {
  /** By operationId. */
  reference: Readonly<Record<string, Reference>>
  /** By the name of the tag. */
  tags: Texts
  /** By the name of the parameter, for those that have no description in their schema. */
  parameters: Texts
}

/** The exports of a file `reference.ts`: `tags`, `parameters`, and a `Reference` under each operationId. */
export interface ReferenceFile {
  tags?: Texts
  parameters?: Texts
  [operationId: string]: unknown
}

/** Joins the texts of all files `reference.ts`. */
export const mergeReferences = (files: readonly ReferenceFile[]): DocumentTexts => ({
  reference: Object.assign(
    {},
    ...files.map(({ tags: _tags, parameters: _parameters, ...reference }) => reference),
  ) as DocumentTexts['reference'],
  tags: Object.assign({}, ...files.map(({ tags }) => tags)) as Texts,
  parameters: Object.assign({}, ...files.map(({ parameters }) => parameters)) as Texts,
})
