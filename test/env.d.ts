/// <reference types="vite/client" />
import type { D1Migration } from '@cloudflare/vitest-plugin'

declare global {
  namespace Cloudflare {
    interface Env {
      DB: D1Database
      SIGNING_SECRET: string
      MIGRATIONS: D1Migration[]
    }
  }
}
