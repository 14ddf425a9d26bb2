import { compileRule, type Rule } from '../../logic/rule.ts'
import { type DataMap, toText } from '../../logic/values.ts'
import { isIdentifier } from './texts.ts'

/** What makes the id of an event that was sent without one. */
export interface IdTemplate {
  /** Undefined where it makes no text that can be an id. */
  readonly makeId: (context: DataMap) => string | undefined
  /** Whether an id that it makes of the event as it was sent is also the one that it makes after enrichment. */
  readonly isStable: boolean
  /** Where its values come from, as far as it says. */
  readonly paths: readonly string[]
}

const textFrom = (rule: Rule, context: DataMap): string | undefined => {
  const value = rule.evaluate?.(context).value
  return value === undefined ? undefined : toText(value)
}

const idFrom = (text: string | undefined): string | undefined => (isIdentifier(text) ? text : undefined)

const isJsonObject = (text: string): boolean => {
  if (!text.trimStart().startsWith('{')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const compileRuleTemplate = (text: string, isEnriched: boolean): IdTemplate => {
  const rule = compileRule(text)
  return {
    makeId: (context) => idFrom(textFrom(rule, context)),
    isStable: !isEnriched && !text.includes('customerId'),
    paths: [],
  }
}

const PLACEHOLDER = /\$\{([^{}]*)\}/

/** Text in which `${path}` stands for what is there; one with another `${` in it cannot be read, and makes no id. */
const compileTextTemplate = (text: string): IdTemplate => {
  const pieces = text.split(PLACEHOLDER)
  const paths = pieces.filter((_, index) => index % 2 === 1).map((path) => path.trim())
  const rules = paths.map((path) => compileRule(JSON.stringify({ var: path })))
  const isReadable = pieces.every((piece, index) => index % 2 === 1 || !piece.includes('${'))
  const makeId = (context: DataMap): string | undefined => {
    let id = pieces[0] ?? ''
    for (const [index, rule] of rules.entries()) {
      const value = textFrom(rule, context)
      if (value === undefined) return undefined
      id += value + (pieces[2 * index + 2] ?? '')
    }
    return idFrom(id)
  }
  return { makeId: isReadable ? makeId : () => undefined, isStable: true, paths }
}

/** A template is JSON Logic where it is a JSON object, and otherwise text with `${path}` in it (metering.md, 1.6). */
export const compileIdTemplate = (text: string, isEnriched: boolean): IdTemplate =>
  isJsonObject(text) ? compileRuleTemplate(text, isEnriched) : compileTextTemplate(text)
