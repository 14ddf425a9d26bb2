/** A place in a rule: an operator or an index, and its parent. Undefined is the whole rule. */
export interface Place {
  readonly parent: Place | undefined
  readonly step: string | number
}

/** What is wrong with a rule, and where: `path` is a JSON Pointer such as /if/1/+/0. */
export interface RuleError {
  readonly path: string
  readonly message: string
}

export const writePlace = (place: Place | undefined): string => {
  let path = ''
  for (let at = place; at; at = at.parent) path = `/${String(at.step).replaceAll('/', '~1')}${path}`
  return path
}

/** The most characters of a place that are shown: its last ones, since an answer must have room for what is wrong there. */
const LONGEST_PLACE = 120

const shorten = (path: string): string => {
  if (path.length <= LONGEST_PLACE) return path
  return `…${path.slice(path.indexOf('/', path.length - LONGEST_PLACE))}`
}

/** What is wrong with a rule, and where in it, in words that follow the path of its field. */
export const explainRuleError = ({ path, message }: RuleError): string => (path ? `at ${shorten(path)}: ${message}` : message)
