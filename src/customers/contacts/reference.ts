import { customerId, second, tokenId } from '../../lib/examples.ts'

const contact = {
  preferredUsername: 'ada',
  name: 'Ada Byron',
  email: 'ada@example.com',
  phone: '+18435550142',
  verified: true,
  loginAccess: true,
}

export const createCustomerContact = {
  summary: 'Create a contact of a customer',
  description:
    'Stores a contact person of the customer, who may log in if loginAccess is true. Only a hash of the password is stored, and no operation shows it.',
  refuses: {
    404: 'The customer does not exist.',
    409: 'The customer is archived, or already has a contact with this e-mail address (upper and lower case are the same).',
  },
  example: {
    after: ['createCustomer'],
    path: { customer_id: customerId },
    request: contact,
    answer: { username: 'e4602147-b1a1-466c-b725-f8a753473b32', ...contact, createdBy: tokenId, createdAt: second },
    other: { request: { name: 'Grace Hopper', email: 'grace@example.com' } },
  },
}
