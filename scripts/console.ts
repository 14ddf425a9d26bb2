import { buildConsole } from './build_console.ts'

await buildConsole()
