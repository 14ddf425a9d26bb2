import { fileId, signature } from '../../lib/examples.ts'

const MISSING = 'No file of the organization has this id.'
const FOREIGN = 'A portal token reads files of its accounts only, and of the invoices that it reads.'

const path = { file_id: fileId }

const made = ['createCustomer', 'createReport', 'getReport']

const link = `https://api.example.com/downloads/${fileId}?until=1774868580&signature=${signature}`

export const tags = {
  FileStorage: 'Files that were made, such as those of reports, and links to them.',
}

export const parameters = {
  file_id: 'The id of the file, such as the fileId of a report.',
}

export const getFile = {
  summary: 'Read a file',
  description: 'Leads to a file: the header Location is a link that needs no token and ends after 15 minutes. The answer has no body.',
  refuses: { 403: FOREIGN, 404: MISSING },
  example: { after: made, path, answer: { location: link } },
}

export const getDownloadUrl = {
  summary: 'Get a link to a file',
  description:
    'Gives a link to a file that needs no token and ends after as many seconds as are asked for. Whoever has the link can have the file until then.',
  refuses: { 403: FOREIGN, 404: MISSING },
  example: { after: made, path, query: { expiry: 300 }, answer: { downloadUrl: link } },
}
