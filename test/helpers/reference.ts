import { type ReferenceFile, mergeReferences } from '../../src/http/openapi.ts'

/** What the files `reference.ts` say of every operation. */
export const said = mergeReferences(Object.values(import.meta.glob<ReferenceFile>('../../src/**/reference.ts', { eager: true })))
