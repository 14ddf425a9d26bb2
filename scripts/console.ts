import { join } from 'node:path'
import { build } from 'vite'
import { fail, root } from './wrangler.ts'

/** Builds the console into public/console, which takes about a second. */
export const buildConsole = async (): Promise<void> => {
  try {
    await build({ configFile: join(root, 'console/vite.config.ts') })
  } catch (error) {
    fail(`The console does not build: ${(error as Error).message}`)
  }
}

if (import.meta.main) await buildConsole()
