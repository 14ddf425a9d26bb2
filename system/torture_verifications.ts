import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../scripts/wrangler.ts'
import { must } from './torture_values.ts'

/** Runs `npm run invoices:verify` with a token: reckons all invoices of its organization again. Gives how many these are, and what it says in the end. */
export const verifyInvoices = async (url: string, token: string): Promise<{ count: number; said: string }> => {
  const child = spawn(process.execPath, [join(root, 'scripts/invoices-verify.ts'), '--url', url.replace(/\/$/, '')], {
    env: { ...process.env, TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  const lines = output.trim().split('\n')
  must(code === 0, `invoices are not as they were when they fell due: ${lines.slice(0, 6).join('; ')}`)
  const said = lines.at(-1) ?? ''
  return { count: Number(/^Invoices: (\d+) that fell due/.exec(said)?.[1]), said }
}
