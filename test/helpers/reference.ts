import { type ReferenceFile, mergeReferences } from '../../src/http/openapi.ts'
import { operations } from '../../src/operations.ts'

/** What the files `reference.ts` say of every operation. */
export const said = mergeReferences(Object.values(import.meta.glob<ReferenceFile>('../../src/**/reference.ts', { eager: true })))

/** The operations of which there is an example; test/house.test.ts names the others. */
export const described = operations.filter(({ operationId }) => said.reference[operationId]?.example)
