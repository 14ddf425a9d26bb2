/** A place of a source where a number is made, reckoned with or declared, and the names in it. */
interface NumberUse {
  line: number
  kind: 'operator' | 'rounding' | 'conversion' | 'declaration'
  /** What is reckoned with: names of variables, of properties and of functions. */
  names: string[]
  /** The text of a conversion. */
  text: string
}

interface Token {
  text: string
  line: number
}

const TEXT = '""'
const TOKEN = /[A-Za-z_$#][\w$]*|\d[\w.]*|""|=>|\*\*=?|\+\+|--|[-+*/%]=|\?\.|\.\.\.|&&|\|\||\?\?|[<>=!]=+|>>>?|<<|\S/g

/** Whether a slash behind this begins a regular expression, not a division. */
const beginsRegex = (before: string): boolean => /(?:^|[=(,:?&|![{;\n]|=>|return)\s*$/.test(before)

/** A source without comments, and with one sign for each text and regular expression. What stands in the braces of a template stays. */
const simplify = (source: string): string => {
  let simple = ''
  let at = 0
  /** For each template that is open, how many braces are open in it. */
  const templates: number[] = []
  const skipTo = (end: number): void => {
    simple += source.slice(at, end).replaceAll(/[^\n]/g, '')
    at = end
  }
  const readTemplate = (): void => {
    for (; at < source.length; at++) {
      if (source[at] === '\\') at++
      else if (source[at] === '`') {
        templates.pop()
        at++
        return
      } else if (source.startsWith('${', at)) {
        at += 2
        simple += `${TEXT}[`
        return
      } else if (source[at] === '\n') simple += '\n'
    }
  }
  while (at < source.length) {
    const sign = source[at] ?? ''
    const open = templates.at(-1)
    if (source.startsWith('//', at)) skipTo(source.indexOf('\n', at))
    else if (source.startsWith('/*', at)) skipTo(source.indexOf('*/', at) + 2)
    else if (sign === "'" || sign === '"') {
      for (at++; source[at] !== sign; at++) if (source[at] === '\\') at++
      at++
      simple += TEXT
    } else if (sign === '`') {
      at++
      templates.push(0)
      simple += TEXT
      readTemplate()
    } else if (open === 0 && sign === '}') {
      at++
      simple += ']'
      readTemplate()
    } else if (sign === '/' && beginsRegex(simple)) {
      let isClass = false
      for (at++; source[at] !== '/' || isClass; at++) {
        if (source[at] === '\\') at++
        else if (source[at] === '[') isClass = true
        else if (source[at] === ']') isClass = false
      }
      at++
      simple += TEXT
    } else {
      if (open !== undefined && sign === '{') templates[templates.length - 1] = open + 1
      if (open !== undefined && sign === '}') templates[templates.length - 1] = open - 1
      simple += sign
      at++
    }
  }
  return simple
}

const tokenize = (source: string): Token[] =>
  simplify(source)
    .split('\n')
    .flatMap((line, index) => Array.from(line.matchAll(TOKEN), ([text]) => ({ text, line: index + 1 })))

const OPERATORS: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '**', '+=', '-=', '*=', '/=', '%=', '**=', '++', '--'])
const KEYWORDS: ReadonlySet<string> = new Set([
  'return',
  'else',
  'try',
  'do',
  'keyof',
  'typeof',
  'in',
  'case',
  'await',
  'import',
  'export',
  'type',
  'yield',
  'void',
  'as',
  'const',
  'undefined',
  'null',
  'true',
  'false',
  'new',
  'readonly',
])
const CLOSES: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
const OPENS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

const isName = (text = ''): boolean => /^[A-Za-z_$#]/.test(text) && !KEYWORDS.has(text)

/** Where the bracket that one is the other end of stands. */
const findOther = (tokens: readonly Token[], at: number, step: 1 | -1): number => {
  const ends = step === 1 ? OPENS : CLOSES
  let depth = 0
  for (let index = at; index >= 0 && index < tokens.length; index += step) {
    const { text } = tokens[index] as Token
    if (text in ends) depth++
    if (Object.values(ends).includes(text)) depth--
    if (depth === 0) return index
  }
  return at
}

/** The last names of all that stands between two places: quantity of line.quantity. */
const namesBetween = (tokens: readonly Token[], from: number, to: number): string[] =>
  tokens.slice(from, to).flatMap(({ text }, index) => {
    const next = tokens[from + index + 1]?.text
    return isName(text) && next !== '.' && next !== '?.' ? [text] : []
  })

/** The names of what ends at a place. */
const namesBefore = (tokens: readonly Token[], end: number): string[] => {
  const text = tokens[end]?.text ?? ''
  if (text === '!') return namesBefore(tokens, end - 1)
  if (text !== ')' && text !== ']') return isName(text) ? [text] : []
  const start = findOther(tokens, end, -1)
  const before = tokens[start - 1]?.text ?? ''
  return isName(before) || before === ')' || before === ']' ? namesBefore(tokens, start - 1) : namesBetween(tokens, start, end)
}

/** The names of what begins at a place. */
const namesAfter = (tokens: readonly Token[], start: number): string[] => {
  let at = start
  while (['-', '+', '!', 'await', 'typeof'].includes(tokens[at]?.text ?? '')) at++
  const isGroup = tokens[at]?.text === '('
  let end = isGroup ? findOther(tokens, at, 1) : at
  let last = tokens[at]?.text ?? ''
  for (;;) {
    const next = tokens[end + 1]?.text ?? ''
    if (next === '.' || next === '?.') {
      end += 2
      last = tokens[end]?.text ?? ''
    } else if ((next === '(' || next === '[') && (isGroup || isName(tokens[end]?.text) || /[)\]]/.test(tokens[end]?.text ?? '')))
      end = findOther(tokens, end + 1, 1)
    else break
  }
  if (isGroup && last === '(') return namesBetween(tokens, at, end)
  return isName(last) ? [last] : []
}

const isTextual = (tokens: readonly Token[], at: number): boolean => tokens[at]?.text === TEXT

const CONVERTS: ReadonlySet<string> = new Set(['Number', 'parseInt', 'parseFloat', 'toFixed', 'toPrecision'])

/** Every place of a source where a number is reckoned with, rounded, made of something else or declared. */
export const findNumberUses = (source: string): NumberUse[] => {
  const tokens = tokenize(source)
  return tokens.flatMap(({ text, line }, at): NumberUse[] => {
    const [before, next] = [tokens[at - 1]?.text ?? '', tokens[at + 1]?.text ?? '']
    if (OPERATORS.has(text)) {
      if (before === 'type' || next === '?' || isTextual(tokens, at - 1) || isTextual(tokens, at + 1)) return []
      const names = [...namesBefore(tokens, at - 1), ...namesAfter(tokens, at + 1)]
      return [{ line, kind: 'operator', names, text }]
    }
    const upTo = (end: number) =>
      tokens
        .slice(at, end + 1)
        .map((token) => token.text)
        .join('')
    if (text === 'Math' && next === '.') {
      const end = findOther(tokens, at + 3, 1)
      return [{ line, kind: 'rounding', names: namesBetween(tokens, at + 3, end), text: upTo(end) }]
    }
    if (CONVERTS.has(text) && (next === '(' || (text === 'Number' && tokens[at + 2]?.text.startsWith('parse')))) {
      const open = next === '(' ? at + 1 : at + 3
      const end = findOther(tokens, open, 1)
      const names = text.startsWith('to') ? namesBefore(tokens, at - 2) : namesBetween(tokens, open, end)
      return [{ line, kind: 'conversion', names, text: upTo(end) }]
    }
    const isDeclared = text === 'number' && before === ':'
    if (!isDeclared) return []
    const name = tokens[at - (tokens[at - 2]?.text === '?' ? 3 : 2)]?.text ?? ''
    return isName(name) ? [{ line, kind: 'declaration', names: [name], text: `${name}: number` }] : []
  })
}
