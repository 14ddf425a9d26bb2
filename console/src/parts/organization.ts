import { type Schemas, api, read } from './client.ts'
import { type Reading, useRead } from './read.ts'

const PERIOD = 60_000

/** The organization of the token, with its base currency and its present instant. */
export const useOrganization = (): Reading<Schemas['Organization']> => useRead('organization', () => read(api.GET('/organization')), PERIOD)
