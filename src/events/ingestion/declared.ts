import { parseDecimal } from '../../lib/decimal.ts'
import { type Context, ownOf, setOwn, quoteName } from './context.ts'
import type { CompiledField, CompiledSchema } from './definitions.ts'
import type { ParsedAttribute, ParsedEvent } from './event.ts'
import { keyOf } from './texts.ts'

const findAttribute = (sent: readonly ParsedAttribute[], { name, isForeign }: CompiledField): ParsedAttribute | undefined => {
  for (const attribute of sent) if (attribute.name === name) return attribute
  return isForeign ? sent.find((attribute) => keyOf(attribute.name) === keyOf(name)) : undefined
}

const findDimension = (sent: Readonly<Record<string, string>>, { name, isForeign }: CompiledField): string | undefined => {
  const value = ownOf(sent, name)
  if (value !== undefined || !isForeign) return value
  const spelled = Object.keys(sent).find((key) => keyOf(key) === keyOf(name))
  return spelled === undefined ? undefined : sent[spelled]
}

/** Puts the declared fields of an event into the context. Returns false if a required field is missing. */
export const takeDeclared = (schema: CompiledSchema, event: ParsedEvent, { attributes, dimensions }: Context): boolean => {
  let isComplete = true
  for (const [index, field] of schema.attributes.entries()) {
    const atSamePlace = event.attributes[index]
    const found = atSamePlace?.name === field.name ? atSamePlace : findAttribute(event.attributes, field)
    const value = found && parseDecimal(found.value)
    if (value) setOwn(attributes, field.name, value)
    else if (field.isRequired) isComplete = false
  }
  for (const field of schema.dimensions) {
    const value = findDimension(event.dimensions, field)
    if (value !== undefined) setOwn(dimensions, field.name, value)
    else if (field.isRequired) isComplete = false
  }
  return isComplete
}

const listMissing = (noun: string, fields: readonly CompiledField[], present: object): string[] => {
  const missing = fields.filter(({ name, isRequired }) => isRequired && !Object.hasOwn(present, name))
  return missing.length ? [`the ${noun}${missing.length > 1 ? 's' : ''} ${missing.map(({ name }) => quoteName(name)).join(', ')}`] : []
}

/** Lists the required fields that a context lacks. */
export const describeMissing = (schema: CompiledSchema, { attributes, dimensions }: Context): string =>
  `The event lacks ${[...listMissing('attribute', schema.attributes, attributes), ...listMissing('dimension', schema.dimensions, dimensions)].join(' and ')}.`
