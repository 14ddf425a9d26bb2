import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The folders that have operations: `customers/accounts`. */
const FOLDERS: readonly string[] = globSync('src/*/*/operations.ts', { cwd: root }).map((file) => relative('src', dirname(file)))

/** Files to which a feature adds a line, and generated files. A change of these counts as a change of the feature. */
const LISTS = /^(?:src\/features\.ts|src\/lib\/resources\.ts|src\/\w+\/conflicts\.ts|src\/http\/migration\.ts|(?!src\/|test\/).*)$/

const git = (...args: string[]): string[] => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)

const changedFiles = (since: string | undefined): string[] => [
  ...git('diff', '--name-only', '--relative', since ?? 'HEAD'),
  ...git('ls-files', '--others', '--exclude-standard'),
]

/** The folders of files, or none if a file belongs to all folders. */
const foldersOf = (files: readonly string[]): string[] => {
  const folders = files
    .filter((file) => !LISTS.test(file))
    .map((file) => FOLDERS.find((folder) => new RegExp(`^(?:src|test)/${folder}[/.]`).test(file)))
  return folders.every((folder) => folder !== undefined) ? [...new Set(folders)] : []
}

/** The folders whose operations are tested: those of DOMAIN, or with --changed those of changed files. None means all. */
export const chosenFolders = (domain: string | undefined, args: readonly string[]): string[] => {
  if (domain) {
    const chosen = domain.split(',')
    for (const one of chosen)
      if (!FOLDERS.some((folder) => `${folder}/`.startsWith(`${one}/`))) throw new Error(`DOMAIN: src/${one} has no operations`)
    return chosen
  }
  const at = args.findIndex((arg) => /^--changed(?:=|$)/.test(arg))
  if (at < 0) return []
  const [, since = args[at + 1]] = (args[at] ?? '').split('=')
  return foldersOf(changedFiles(since?.startsWith('-') ? undefined : since))
}

/** The test files of folders. */
export const testsOf = (folders: readonly string[]): string[] =>
  folders.length
    ? ['test/*.test.ts', 'test/walk/*.test.ts', ...folders.flatMap((folder) => [`test/${folder}.test.ts`, `test/${folder}/**/*.test.ts`])]
    : ['test/**/*.test.ts']
