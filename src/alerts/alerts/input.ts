import * as z from 'zod/mini'
import type { Ctx } from '../../db/context.ts'
import { ApiError, explainIssues, notFound } from '../../lib/errors.ts'
import { entityOf, ownerOf, parametersOf } from '../alert_templates/details.ts'
import { type Template, findTemplate } from '../alert_templates/templates.ts'
import type { CreateAlertRequest } from './schema.ts'
import type { AlertRow } from './table.ts'

/** What an alert watches, and from when on it is worth an incident. */
export type Watched = Pick<AlertRow, 'templateId' | 'entityId' | 'accountId' | 'threshold'>

/** A map of a request, held against the schema of its template. */
interface CheckedMap<Output> {
  name: string
  schema: z.ZodMiniType<Output>
  value: unknown
}

type Issues = z.core.$ZodIssue[]

/** Holds a map against its schema, and adds what is wrong with it to `issues`. Undefined if anything is. */
const readMap = <Output>({ name, schema, value }: CheckedMap<Output>, issues: Issues): Output | undefined => {
  const { success, data, error } = z.safeParse(schema, value ?? {})
  if (success) return data
  issues.push(...error.issues.map((issue) => ({ ...issue, path: [name, ...issue.path] })))
  return undefined
}

const refuseIssues = (issues: Issues): void => {
  if (issues.length) throw new ApiError('INVALID', explainIssues(issues, 'body'))
}

/** The template of an alert, by its id. Throws NOT_FOUND. */
export const requireTemplate = (id: string): Template => {
  const template = findTemplate(id)
  if (!template) throw notFound('alert template', id)
  return template
}

/** The threshold that parameters give. Throws INVALID. */
export const readThreshold = (template: Template, parameters: unknown): string | null => {
  const issues: Issues = []
  const read = readMap({ name: 'parameters', schema: parametersOf(template), value: parameters }, issues)
  refuseIssues(issues)
  return read?.threshold?.value ?? template.threshold?.otherwise ?? null
}

/** What a request asks to watch. Throws INVALID if its maps are not those of the template, and NOT_FOUND for another organization. */
export const readWatched = ({ organizationId }: Pick<Ctx, 'organizationId'>, input: CreateAlertRequest): Watched => {
  const template = requireTemplate(input.alertTemplateId)
  const issues: Issues = []
  const entity = readMap({ name: 'entityDetails', schema: entityOf(template), value: input.entityDetails }, issues)
  const owner = readMap({ name: 'ownerDetails', schema: ownerOf(template), value: input.ownerDetails }, issues)
  const parameters = readMap({ name: 'parameters', schema: parametersOf(template), value: input.parameters }, issues)
  refuseIssues(issues)
  const other = owner?.organization?.id ?? organizationId
  if (other !== organizationId) throw new ApiError('NOT_FOUND', `ownerDetails.organization.id: the organization "${other}" does not exist`)
  return {
    templateId: template.id,
    entityId: entity?.usageMeter?.id ?? entity?.feature?.id ?? null,
    accountId: owner?.account?.id ?? null,
    threshold: parameters?.threshold?.value ?? template.threshold?.otherwise ?? null,
  }
}
