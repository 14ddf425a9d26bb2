export const createCustomerContact = {
  summary: 'Create a contact of a customer',
  description: 'Keeps a person to write to, and to let in when loginAccess is true.',
  refuses: { 404: 'The customer does not exist.', 409: 'The customer is archived, or has a contact with this e-mail.' },
}
