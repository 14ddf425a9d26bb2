import * as z from 'zod/mini'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { notFound } from '../../lib/errors.ts'
import { pageOfWhole } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import { entityOf, ownerOf, parametersOf } from './details.ts'
import type { AlertTemplate, AlertTemplatesPaginatedResponse, ListAlertTemplatesQuery } from './schema.ts'
import { SHORTEST_INTERVAL, TEMPLATES, TEMPLATES_MADE_AT, type Template, findTemplate } from './templates.ts'

/** The JSON Schema of what is sent, as text. */
const schemaText = (schema: z.ZodMiniType): string => JSON.stringify(z.toJSONSchema(schema, { io: 'input' }))

const showTemplate = (template: Template): AlertTemplate => {
  const { id, name, description, entityType, ownerType } = template
  return {
    id,
    name,
    description,
    interval: SHORTEST_INTERVAL,
    entitySchema: schemaText(entityOf(template)),
    entityType,
    ownerSchema: schemaText(ownerOf(template)),
    ownerType,
    parametersSchema: schemaText(parametersOf(template)),
    createdAt: iso(TEMPLATES_MADE_AT),
  }
}

/** Reads a template. Throws NOT_FOUND. */
export const getAlertTemplate = (_: Ctx, id: string): Promise<Reply<AlertTemplate>> => {
  const template = findTemplate(id)
  if (!template) throw notFound('alert template', id)
  return Promise.resolve({ answer: showTemplate(template) })
}

/** Lists the templates, a page at a time. */
export const getAlertTemplates = async (ctx: Ctx, query: ListAlertTemplatesQuery): Promise<Reply<AlertTemplatesPaginatedResponse>> => {
  const { data, ...next } = await pageOfWhole(ctx, query, '', () => Promise.resolve(TEMPLATES))
  return { answer: { data: data.map(showTemplate), ...next } }
}
