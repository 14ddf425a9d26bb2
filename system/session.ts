import { ok } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from '../scripts/wrangler.ts'
import { isShown, listBlocks } from './pages.ts'

const URL_OF_THE_PAGE = 'http://localhost:8787'
const SEPARATOR = '--- the next block ---'
/** How long the session may take, in milliseconds. */
const LONGEST = 60_000

const exec = promisify(execFile)

/** What a shell needs so that the lines of the page find the server and the database of this test instead of those of the reader. */
const preludeOf = (state: string): string => `npm() { command npm "$@" --persist-to '${state}'; }`

/**
 * Runs the shell blocks of the session of docs/first_invoice.md in one bash, just as they stand there, and compares what each prints with the JSON below
 * it. A block without JSON must print nothing.
 */
export const holdSession = async (page: string, { url, state }: { url: string; state: string }): Promise<void> => {
  const blocks = listBlocks(page)
  const commands = blocks.filter(({ language }) => language === 'sh')
  const answers = blocks.filter(({ language }) => language === 'json')
  ok(commands.length > 1 && answers.length > 1, `docs/first_invoice.md has no session`)
  const script = [preludeOf(state), ...commands.map(({ text }) => text.replaceAll(URL_OF_THE_PAGE, url))].join(
    `\necho; echo '${SEPARATOR}'\n`,
  )
  const { stdout } = await exec('bash', ['-euo', 'pipefail', '-c', script], { cwd: root, timeout: LONGEST })
  const [, ...printed] = stdout.split(SEPARATOR).map((text) => text.trim())
  for (const [index, { text, next }] of commands.entries()) {
    const said = printed[index] ?? ''
    const shown = next?.language === 'json' ? next.text : ''
    const isRight = shown ? said.startsWith('{') && isShown(JSON.parse(shown), JSON.parse(said)) : said === ''
    ok(isRight, `docs/first_invoice.md shows below\n${text}\n\n${shown || 'nothing'}\n\nand not\n\n${said}`)
  }
}
