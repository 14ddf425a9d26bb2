/** What stands between the fields: what the first line has most of. */
const separatorOf = (text: string): string => {
  const [head = ''] = text.split(/\r?\n/, 1)
  const counts = [',', ';', '\t'].map((one) => [one, head.split(one).length] as const)
  return counts.reduce((most, one) => (one[1] > most[1] ? one : most))[0]
}

/** Reads the lines of a CSV text. A field in quotes can hold separators, line breaks, and quotes that are written twice. */
export const readLines = (text: string): string[][] => {
  const separator = separatorOf(text)
  const lines: string[][] = []
  let [line, field, isQuoted]: [string[], string, boolean] = [[], '', false]
  const endField = (): void => {
    line.push(field)
    field = ''
  }
  const endLine = (): void => {
    endField()
    if (line.some((one) => one.trim())) lines.push(line)
    line = []
  }
  const source = text.replace(/^\uFEFF/, '')
  for (let at = 0; at < source.length; at++) {
    const one = source[at] ?? ''
    if (isQuoted) {
      if (one === '"' && source[at + 1] === '"') {
        field += one
        at++
      } else if (one === '"') isQuoted = false
      else field += one
    } else if (one === '"' && !field.trim()) {
      field = ''
      isQuoted = true
    } else if (one === separator) endField()
    else if (one === '\n') endLine()
    else if (one !== '\r') field += one
  }
  endLine()
  return lines
}
