// The scripts are TypeScript, which not every Node can run. This line of defence is read by all of them.
import { existsSync } from 'node:fs'

const [script] = process.argv.splice(2, 1)
if (!existsSync(new URL('../node_modules/wrangler/package.json', import.meta.url)) || !process.features.typescript) {
  console.error('Run npm ci first, and this with npm run: it brings the Node and the tools that it needs.')
  process.exit(1)
}
if (script !== 'docs' && !existsSync(new URL('../public/docs/scalar.js', import.meta.url))) await import('./docs.ts')
if (script !== 'fonts' && !existsSync(new URL('../public/fonts/noto-sans.json', import.meta.url))) await import('./fonts.ts')
await import(`./${script}.ts`)
