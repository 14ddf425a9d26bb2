import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fail, root } from './wrangler.ts'

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')

const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
)

const read = (page: string): string => readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```/gms, '')

const texts = new Map(pages.map((page) => [page, read(page)]))
const anchors = new Map(
  [...texts].map(([page, text]) => [page, new Set(Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = '']) => anchorOf(heading)))]),
)

/** What is wrong with a link of a page; undefined if it leads to a file and a heading that are there. */
const faultOf = (page: string, link: string): string | undefined => {
  const [path = '', anchor = ''] = link.split('#')
  const target = path ? normalize(join(dirname(page), path)) : page
  if (!existsSync(join(root, target))) return `${page} links to ${link}, and there is no such file`
  return anchor && anchors.get(target)?.has(anchor) === false ? `${page} links to ${link}, and there is no such heading` : undefined
}

const links = [...texts].flatMap(([page, text]) =>
  Array.from(text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g), ([, link = '']) => ({ page, link })),
)
const faults = links.flatMap(({ page, link }) => faultOf(page, link) ?? [])
if (faults.length) fail(`Links: ${faults.join('\n')}`)
console.log(`Links: ${links.length} of ${pages.length} pages lead somewhere`)
