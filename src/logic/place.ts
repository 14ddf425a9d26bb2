/** A place in the text of a rule: the last step of a JSON Pointer (RFC 6901), after those of its parent. The rule itself is undefined. */
export interface Place {
  readonly parent: Place | undefined
  readonly step: string | number
}

/** What is wrong with a rule, and where: `path` is a JSON Pointer such as /if/1/+/0. */
export interface RuleError {
  readonly path: string
  readonly message: string
}

const LONGEST_STEP = 60

const writeStep = (step: string | number): string =>
  `/${String(step).slice(0, LONGEST_STEP).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`

export const writePlace = (place: Place | undefined): string => {
  let path = ''
  for (let at = place; at; at = at.parent) path = writeStep(at.step) + path
  return path
}
