import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { fail } from '../scripts/wrangler.ts'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Ends the program if there is no Chromium, before anything else is started. */
export const requireChromium = (): void => {
  if (!existsSync(executablePath))
    fail(`There is no Chromium at ${executablePath}. Run apt-get install chromium, or set CHROMIUM to where it is.`)
}

/** Starts Chromium with a profile of its own, which asks no other host for anything. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
