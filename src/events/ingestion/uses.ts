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

/** Collects the attributes that a rule requires: those that it reads without a default and does not test with `missing`. */
export const collectUses = (rule: string, used: Set<string>): void => {
  if (compileRule(rule).evaluate) collectFrom(JSON.parse(rule), used)
}

/** Collects the attributes of paths such as `attributes.distance`. */
export const collectPaths = (paths: readonly string[], used: Set<string>): void => {
  for (const path of paths) collectPath(path, used)
}
