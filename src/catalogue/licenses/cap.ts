import type { Ctx } from '../../db/context.ts'

/** The most licences that the price plan of an account at an instant (milliseconds) allows, as a decimal. Undefined if it sets no limit. */
export const readCap = (_ctx: Ctx, _accountId: string, _licenseId: string, _at: number): Promise<string | undefined> =>
  Promise.resolve(undefined)
