import { getAccount } from './accounts/operations.ts'
import { createCustomer, getCustomer } from './customers/operations.ts'
import type { Operation } from './http/operation.ts'

/** Every operation, in the order of the reference. */
export const operations: readonly Operation[] = [createCustomer, getCustomer, getAccount]
