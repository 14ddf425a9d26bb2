import { foldEmail } from '../../lib/fold.ts'
import type { Ctx } from '../../db/context.ts'
import { type Reply, commit } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import { insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { hashPassword } from '../../lib/password.ts'
import { iso } from '../../lib/time.ts'
import type { CreateCustomerContactRequest, CreateCustomerContactResponse } from './schema.ts'
import { contacts } from './table.ts'

const insertContacts = insertInto(contacts)

const locate: Locate = (conflict) => (conflict === 'CUSTOMER_NOT_FOUND' || conflict === 'CUSTOMER_ARCHIVED' ? 'customer_id' : undefined)

/** Creates a contact of a customer. Only the hash of its password is stored, and no answer contains it. */
export const createCustomerContact = async (
  ctx: Ctx,
  customerId: string,
  input: CreateCustomerContactRequest,
): Promise<Reply<CreateCustomerContactResponse>> => {
  const { name, email, preferredUsername, phone, password, verified = false, loginAccess } = input
  const username = crypto.randomUUID()
  const row = {
    username,
    organizationId: ctx.organizationId,
    customerId,
    name,
    email,
    emailFolded: foldEmail(email),
    preferredUsername: preferredUsername ?? null,
    phone: phone ?? null,
    password: password === undefined ? null : await hashPassword(password),
    verified,
    loginAccess,
    createdBy: ctx.actor,
    createdAt: ctx.now,
  }
  const answer = {
    username,
    ...(preferredUsername !== undefined && { preferredUsername }),
    name,
    email,
    ...(phone !== undefined && { phone }),
    loginAccess,
    createdBy: ctx.actor,
    createdAt: iso(ctx.now),
    verified,
  }
  return commit(ctx, {
    statements: [insertContacts([row])],
    changes: [{ type: 'CONTACT', id: username, fields: differences(undefined, { customerId, ...answer }) }],
    answer,
    locate,
  })
}
