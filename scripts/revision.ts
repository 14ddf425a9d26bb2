import { execFileSync } from 'node:child_process'
import { root } from './wrangler.ts'

const runGit = (...args: string[]): string => {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

/** The last commit, and the name of what is deployed: that commit, with its changes if there are any. */
export const readRevision = (): { head: string; revision: string } => {
  const head = runGit('rev-parse', '--short=12', 'HEAD')
  return { head, revision: head ? `${head}${runGit('status', '--porcelain') && '+changes'}` : 'unknown' }
}
