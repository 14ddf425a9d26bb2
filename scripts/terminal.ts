import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Asks a question at the terminal. The answer to a `hidden` question is not shown. */
export const askAtTerminal = async (question: string, hidden = false): Promise<string> => {
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stdout
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  if (hidden) process.stdout.write(question)
  const typed = await lines.question(hidden ? '' : question)
  lines.close()
  if (hidden) console.log()
  return typed.trim()
}
