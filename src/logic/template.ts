import type { RuleError } from './place.ts'
import { type Reads, readsOf } from './reads.ts'
import { compileRule, type Outcome, type Rule } from './rule.ts'
import { type Data, toText } from './values.ts'

/** The result of a template: a text, or an error that names the place. */
type TextOutcome = { readonly text: string; readonly error?: undefined } | { readonly error: RuleError; readonly text?: undefined }

/** A compiled template with the paths that it reads and whether it is a rule, or the error that keeps it from ever making a text. */
export type Template =
  | { readonly evaluate: (data: Data) => TextOutcome; readonly reads: Reads; readonly isRule: boolean; readonly error?: undefined }
  | { readonly error: RuleError; readonly evaluate?: undefined; readonly reads?: undefined; readonly isRule?: undefined }

const refused = (message: string): Template => ({ error: { path: '', message } })

const asText = ({ value, error }: Outcome, path: string): TextOutcome => {
  if (error) return { error }
  const text = toText(value)
  return text === undefined ? { error: { path, message: 'must come to a text, a number, true or false' } } : { text }
}

/** A template that is a rule: its value, as text. */
const compileRuleTemplate = (text: string): Template => {
  const { evaluate, error } = compileRule(text)
  if (error) return { error }
  const reads = readsOf(text)
  if (!reads.paths.length && !reads.isOpen) return refused('must read something of the event')
  return { evaluate: (data) => asText(evaluate(data), ''), reads, isRule: true }
}

/** A part of a template: text that is copied, or a path whose value is put in. */
type Part = { readonly text: string } | { readonly path: string; readonly rule: Rule }

const placeholder = (path: string): Part => ({ path, rule: compileRule(JSON.stringify({ var: path })) })

const evaluatePart = (part: Part, data: Data): TextOutcome => {
  if ('text' in part) return part
  const { path, rule } = part
  return rule.evaluate ? asText(rule.evaluate(data), path) : { error: rule.error }
}

/** The parts of a text with `${path}` in it; undefined where a placeholder has no end or no path. */
const readParts = (text: string): Part[] | undefined => {
  const [head = '', ...rest] = text.split('${')
  const parts: Part[] = [{ text: head }]
  for (const one of rest) {
    const end = one.indexOf('}')
    const path = one.slice(0, Math.max(end, 0)).trim()
    if (!path) return undefined
    parts.push(placeholder(path), { text: one.slice(end + 1) })
  }
  return parts
}

const compileTextTemplate = (text: string): Template => {
  const parts = readParts(text)
  if (!parts) return refused('must close each ${ with a }, with a path such as accountId between them')
  const paths = parts.flatMap((part) => ('path' in part ? [part.path] : []))
  if (!paths.length) return refused('must read something of the event, such as ${accountId}')
  for (const part of parts) if ('path' in part && part.rule.error) return { error: { path: part.path, message: part.rule.error.message } }
  return {
    evaluate: (data) => {
      let whole = ''
      for (const part of parts) {
        const { text: one, error } = evaluatePart(part, data)
        if (error) return { error }
        whole += one
      }
      return { text: whole }
    },
    reads: { paths, isOpen: false },
    isRule: false,
  }
}

const isJsonObject = (text: string): boolean => {
  if (!text.trimStart().startsWith('{')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Compiles a template. A text that is a JSON object is a rule; in any other text, each `${path}` is replaced by the value at that path. */
export const compileTemplate = (text: string): Template => (isJsonObject(text) ? compileRuleTemplate(text) : compileTextTemplate(text))
