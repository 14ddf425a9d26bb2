import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'vite'
import { fail, root } from './wrangler.ts'

/** Where files are made before they are swapped in: on the disk of `public`, and not in it. */
const WORKSHOP = join(root, '.wrangler')

const listFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map((one) => join(one.parentPath, one.name).slice(folder.length + 1))
    : []

const isSame = (one: string, other: string): boolean => existsSync(other) && readFileSync(one).equals(readFileSync(other))

/**
 * Moves the files of a folder into a place that a server watches, those that have changed only. A server that reads the place meanwhile
 * stats each file that it has listed, and ends if one is gone: so each file is replaced by one rename, the pages last, when all that they
 * name is there, and what was there before stays. With `clears` it goes, before anything else comes, since a server looks a moment after
 * the first change.
 */
export const swapFiles = (made: string, place: string, { clears }: { clears: boolean }): void => {
  const files = listFiles(made).toSorted((one, other) => Number(one.endsWith('.html')) - Number(other.endsWith('.html')))
  if (clears) for (const file of listFiles(place)) if (!files.includes(file)) rmSync(join(place, file))
  for (const file of files) {
    const [from, to] = [join(made, file), join(place, file)]
    if (isSame(from, to)) continue
    mkdirSync(dirname(to), { recursive: true })
    renameSync(from, to)
  }
}

interface OpenApi {
  components: { schemas: Record<string, { properties: Record<string, { enum?: string[]; items?: { enum?: string[] } }> }> }
}

/** What the console takes from the OpenAPI document, so that no list is written twice. Throws if it is not there. */
const readDocument = (): Record<'settingEntities' | 'webhookEvents', string[]> => {
  const { components } = JSON.parse(readFileSync(join(root, 'public/openapi.json'), 'utf8')) as OpenApi
  const { Setting, CreateWebhookEndpointRequest } = components.schemas
  const settingEntities = Setting?.properties['entityType']?.enum
  const webhookEvents = CreateWebhookEndpointRequest?.properties['eventTypes']?.items?.enum
  if (!settingEntities || !webhookEvents) throw new Error('the OpenAPI document does not say what has settings, or what webhooks tell')
  return { settingEntities, webhookEvents }
}

/** Builds the console into public/console, which takes about a second. Files of earlier builds go with `clears`, which is for when no server is there yet. */
export const buildConsole = async ({ clears = false } = {}): Promise<void> => {
  mkdirSync(WORKSHOP, { recursive: true })
  const made = mkdtempSync(join(WORKSHOP, 'console-'))
  try {
    await build({
      configFile: join(root, 'console/vite.config.ts'),
      build: { outDir: made },
      define: { DOCUMENT: JSON.stringify(readDocument()) },
    })
    swapFiles(made, join(root, 'public/console'), { clears })
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    fail(`The console does not build: ${(error as Error).message}`)
  }
  rmSync(made, { recursive: true, force: true })
}
