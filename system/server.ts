import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findFault, root } from '../scripts/wrangler.ts'

const LONGEST_START = 120_000

/** Finds a port that nothing listens on. */
export const findFreePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** Starts `npm run dev` on a free port with an empty database and a cron every second. `ready` resolves when it serves, or rejects after two minutes. */
export const startServer = async (more: readonly string[] = [], state = mkdtempSync(join(tmpdir(), 'togai-'))) => {
  const port = await findFreePort()
  const server = spawn(process.execPath, [join(root, 'scripts/dev.ts'), '--port', String(port), '--persist-to', state, ...more], {
    cwd: root,
    env: { ...process.env, CRON_SECONDS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => server.on('close', resolve))
  let output = ''
  const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      if (output.includes('Serving on')) resolve()
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.on('close', () => reject(new Error(findFault(output))))
    setTimeout(() => reject(new Error(`it did not serve within ${LONGEST_START / 1000} s: ${findFault(output)}`)), LONGEST_START).unref()
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill('SIGTERM'))
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM')
    await ended
    rmSync(state, { recursive: true, force: true })
  }
  /** Waits until the server has printed a text. */
  const awaitOutput = async (text: string, longest: number): Promise<void> => {
    const deadline = Date.now() + longest
    while (!output.includes(text)) {
      if (server.exitCode !== null) throw new Error(`the server has ended: ${findFault(output)}`)
      if (Date.now() > deadline) throw new Error(`the server did not say "${text}" within ${longest / 1000} s`)
      await wait(200)
    }
  }
  return { url: `http://localhost:${port}`, state, ready, stop, awaitOutput, readOutput: () => output }
}
