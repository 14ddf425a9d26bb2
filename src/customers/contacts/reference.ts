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
  description: 'Keeps a person to write to, and to let in when loginAccess is true. A password is kept as its hash, and shown by nothing.',
  refuses: {
    404: 'The customer does not exist.',
    409: 'The customer is archived, or has a contact with this e-mail, whatever its case.',
  },
  example: {
    after: ['createCustomer'],
    path: { customer_id: customerId },
    request: contact,
    answer: { username: 'e4602147-b1a1-466c-b725-f8a753473b32', ...contact, createdBy: tokenId, createdAt: second },
    other: { request: { name: 'Grace Hopper', email: 'grace@example.com' } },
  },
}
