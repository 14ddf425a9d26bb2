import { isObject } from '../../lib/fields.ts'
import { compileRule } from '../../logic/rule.ts'

const PATH = /^attributes?\.(.+)$/s

const collectPath = (path: unknown, used: Set<string>): void => {
  const name = typeof path === 'string' ? PATH.exec(path)?.[1] : undefined
  if (name !== undefined) used.add(name)
}

const collectFrom = (json: unknown, used: Set<string>): void => {
  if (!isObject(json)) return
  for (const [operator, written] of Object.entries(json)) {
    if (operator === 'missing' || operator === 'missing_some') continue
    if (operator !== 'var') {
      collectFrom(written, used)
      continue
    }
    const [path, fallback = null]: readonly unknown[] = Array.isArray(written) ? written : [written]
    if (fallback === null) collectPath(path, used)
    collectFrom(path, used)
    collectFrom(fallback, used)
  }
}

/** The attributes that a rule cannot do without: it names them, and neither gives a default nor asks whether they are missing. */
export const collectUses = (rule: string, used: Set<string>): void => {
  if (compileRule(rule).evaluate) collectFrom(JSON.parse(rule), used)
}

/** The attributes that paths such as `attributes.distance` lead to. */
export const collectPaths = (paths: readonly string[], used: Set<string>): void => {
  for (const path of paths) collectPath(path, used)
}
