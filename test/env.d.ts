/// <reference types="vite/client" />
import type { D1Migration } from '@cloudflare/vitest-plugin'

declare global {
  namespace Cloudflare {
    interface Env {
      DB: D1Database
      SIGNING_SECRET: string
      FILES: R2Bucket
      ASSETS: Fetcher
      MIGRATIONS: D1Migration[]
      /** The folders whose operations are walked, with commas between them: `customers`, `customers/notes`. Empty, all. */
      DOMAIN: string
      /** How large the model of billing is: `full`, or the size that always runs. */
      BILLING_MODEL: string
    }
  }
}
