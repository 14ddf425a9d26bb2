import { env } from 'cloudflare:workers'
import { type DueStep, doDueOf, systemContext } from '../../src/access/due/service.ts'
import { conflicts } from '../../src/conflicts.ts'
import { connect } from '../../src/db/client.ts'
import type { Ctx } from '../../src/db/context.ts'
import { currentOf, startGeneration } from '../../src/events/ingestion/generations.ts'
import { forgetOrganization, recallOrganization } from '../../src/events/ingestion/memory.ts'
import { steps } from '../../src/steps.ts'
import { ledgers } from './api.ts'

/** What nobody asked for but time is done with. */
export const system = (id: string, now = Date.now()): Ctx =>
  systemContext(
    { session: connect(env.DB).primary(), ledgers, files: env.FILES, assets: env.ASSETS, now, secrets: [env.SIGNING_SECRET], conflicts },
    { id, baseCurrency: 'USD' },
  )

/** Does what is due for an organization, as `scheduled` does it. */
export const doDue = (id: string, its: readonly DueStep[] = steps, now = Date.now() + 1000) => doDueOf(system(id, now), its)

/** Begins another generation of ledgers, and has everybody told of it. */
export const beginGeneration = async (id: string, count: number): Promise<void> => {
  const ctx = system(id)
  forgetOrganization(id)
  await startGeneration(ctx, { ...currentOf(await recallOrganization(ctx)), ledgers: count })
  await doDue(id)
}
