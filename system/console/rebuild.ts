import { ok, strictEqual } from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { swapFiles } from '../../scripts/build_console.ts'
import { root } from '../../scripts/wrangler.ts'
import type { Server } from './tab.ts'

const PLACE = join(root, 'public/console')
const [MANY, SOME] = [200, 8]
/** In milliseconds: how long a build may take to be served, and after how long without one the server has looked at all of the last ones. */
const [LONGEST, CALM] = [30_000, 3000]

/** A build as vite makes it: a page, and a script with the number of the build in its name. */
const writeBuild = (folder: string, number: number): void => {
  cpSync(PLACE, folder, { recursive: true })
  writeFileSync(join(folder, `assets/rebuilt-${number}.js`), `export const number = ${number}\n`)
  writeFileSync(
    join(folder, 'index.html'),
    `${readFileSync(join(PLACE, 'index.html'), 'utf8').split('<!--')[0]}<!--rebuilt-${number}.js-->`,
  )
}

/** Reads a folder as the server does: lists it, then looks at each file. Throws if one is gone meanwhile. */
const readAsServer = async (place: string): Promise<void> => {
  const files = await readdir(place, { recursive: true })
  await Promise.all(files.map((file) => stat(join(place, file))))
  const [, named] = /<!--(.+)-->/.exec(readFileSync(join(place, 'index.html'), 'utf8')) ?? []
  if (named !== undefined) await stat(join(place, 'assets', named))
}

/** While builds are swapped in, whoever reads the folder finds each file that it has listed, and each that the page names. */
const holdSwap = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'swap-'))
  const place = join(folder, 'place')
  cpSync(PLACE, place, { recursive: true })
  const state: { isOver: boolean; failed?: unknown } = { isOver: false }
  const read = async (): Promise<number> => {
    let times = 0
    for (; !state.isOver; times++) await readAsServer(place)
    return times
  }
  const reading = read()
  reading.catch((error: unknown) => {
    state.failed = error
  })
  for (let number = 0; number < MANY && state.failed === undefined; number++) {
    const made = join(folder, `made-${number}`)
    writeBuild(made, number)
    swapFiles(made, place, { clears: false })
    rmSync(made, { recursive: true })
    await wait(1)
  }
  state.isOver = true
  ok((await reading) > SOME, 'the folder was not read meanwhile')
  const made = join(folder, 'made')
  writeBuild(made, MANY)
  swapFiles(made, place, { clears: true })
  const kept = readdirSync(join(place, 'assets')).filter((file) => file.startsWith('rebuilt-'))
  strictEqual(kept.join(), `rebuilt-${MANY}.js`, 'files of earlier builds stay when a server starts')
  rmSync(folder, { recursive: true })
}

const answers = async (url: string): Promise<number> => {
  try {
    return (await fetch(url)).status
  } catch {
    return 0
  }
}

/** The server goes on while the console is built again beside it, and tabs that were opened before still find their files. */
export const holdRebuild = async ({ url }: Pick<Server, 'url'>): Promise<void> => {
  await holdSwap()
  const folder = mkdtempSync(join(root, '.wrangler/rebuild-'))
  const before = join(folder, 'before')
  cpSync(PLACE, before, { recursive: true })
  try {
    const rebuild = (number: number): void => {
      const made = join(folder, `made-${number}`)
      writeBuild(made, number)
      swapFiles(made, PLACE, { clears: false })
    }
    for (let number = 0; number < SOME; number++) {
      rebuild(number)
      await wait(100 + 150 * (number % 3))
    }
    /** Of builds that come while the server reads the one before, wrangler can overlook the last. */
    await wait(CALM)
    rebuild(SOME)
    for (const deadline = Date.now() + LONGEST; (await answers(`${url}/console/assets/rebuilt-${SOME}.js`)) !== 200; await wait(200))
      ok(Date.now() < deadline, 'the server does not serve the console that was built beside it')
    strictEqual(await answers(`${url}/console/assets/rebuilt-0.js`), 200, 'a tab that was opened before misses its files')
    strictEqual(await answers(`${url}/console/`), 200)
  } finally {
    swapFiles(before, PLACE, { clears: false })
    rmSync(folder, { recursive: true, force: true })
  }
}
