import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vite'

const { paths } = JSON.parse(readFileSync(join(import.meta.dirname, '../public/openapi.json'), 'utf8')) as { paths: object }

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  /** The lists of the document, so that the navigation has what there is. */
  define: { LISTS: JSON.stringify(Object.keys(paths).filter((path) => /^\/\w+$/.test(path))) },
  build: {
    outDir: '../public/console',
    emptyOutDir: false,
    target: 'es2023',
    modulePreload: { polyfill: false },
    /** Data in an address would need a wider Content-Security-Policy. */
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
})
