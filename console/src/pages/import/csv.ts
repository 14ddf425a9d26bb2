/** A line of a CSV file. */
interface CsvLine {
  /** Where it begins in the text, from 1 on: a line can hold line breaks in quotes, and lines that are empty are left out. */
  number: number
  fields: string[]
}

interface Csv {
  lines: CsvLine[]
  /** The line whose quotes do not end, so that what comes behind it is in one field. */
  openLine: number | undefined
}

/** What stands between the fields: what the first line has most of. */
const separatorOf = (text: string): string => {
  const [head = ''] = text.trimStart().split('\n', 1)
  const counts = [',', ';', '\t'].map((one) => [one, head.split(one).length] as const)
  return counts.reduce((most, one) => (one[1] > most[1] ? one : most))[0]
}

/** Reads the lines of a CSV text. A field in quotes can hold separators, line breaks, and quotes that are written twice. */
export const readLines = (text: string): Csv => {
  const source = text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n')
  const separator = separatorOf(source)
  const lines: CsvLine[] = []
  let [fields, field, isQuoted]: [string[], string, boolean] = [[], '', false]
  let [number, begun] = [1, 1]
  const endField = (): void => {
    fields.push(field)
    field = ''
  }
  const endLine = (): void => {
    endField()
    if (fields.some((one) => one.trim())) lines.push({ number: begun, fields })
    fields = []
    begun = number
  }
  for (let at = 0; at < source.length; at++) {
    const one = source[at] ?? ''
    if (one === '\n') number++
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
    else field += one
  }
  const openLine = isQuoted ? begun : undefined
  endLine()
  return { lines, openLine }
}
