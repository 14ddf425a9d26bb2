import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { fail, root } from './wrangler.ts'

const assets = join(root, 'public/console/assets')

/** Builds the console into public/console, which takes about a second. Files of earlier builds go afterwards, so that a server that watches always finds one. */
export const buildConsole = async (): Promise<void> => {
  try {
    const built = await build({ configFile: join(root, 'console/vite.config.ts') })
    if (!('output' in built)) return
    const made = new Set(built.output.map(({ fileName }) => fileName))
    for (const file of existsSync(assets) ? readdirSync(assets) : []) if (!made.has(`assets/${file}`)) rmSync(join(assets, file))
  } catch (error) {
    fail(`The console does not build: ${(error as Error).message}`)
  }
}
