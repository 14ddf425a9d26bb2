export const listAuditLog = {
  summary: 'List what was changed',
  description:
    'Lists the changes of the organization, the last one first, a page at a time: who made it, when, by which operation and request, and which fields it changed. A row is written with its change, and sealed into a chain of hashes within a minute.',
}
